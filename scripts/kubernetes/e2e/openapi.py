"""The apiserver's OpenAPI documents: which requests have an image, and in which field."""

import json
import re
from dataclasses import dataclass

# Fields whose path mentions images, but that do not name one to run. All others have to be checked.
NOT_AN_IMAGE = {
    "imagePullPolicy": "when to pull",
    "image.pullPolicy": "when to pull",
    "imagePullSecrets[].name": "credentials of a registry",
    "rbd.image": "a block device of a Ceph cluster",
}
# A status reports what runs already, and starts nothing.
REPORTED = ".status."
MENTIONS_IMAGES = re.compile(
    r"\bOCI (image|object|artifact)|\b(image|artifact) (name|reference)\b|\bimage to (run|pull|use|mount)\b", re.I
)
# PATCH has no schema; its result is stored as that of PUT.
METHODS = ("post", "put")


@dataclass(frozen=True)
class Endpoint:
    """A request whose body is an object of `schema`."""

    method: str
    path: str
    schema: str


def endpoints(documents):
    """The endpoints of the documents whose object has image fields, each with these fields, sorted."""
    found = {}
    for document in documents:
        schemas = document.get("components", {}).get("schemas", {})
        for path, item in document.get("paths", {}).items():
            for method in METHODS:
                for content in item.get(method, {}).get("requestBody", {}).get("content", {}).values():
                    for schema in _references(content.get("schema", {})):
                        fields = image_fields(schemas, schema)
                        if fields:
                            found[Endpoint(method, path, schema)] = fields
    return found


def image_fields(schemas, name):
    """The fields of a schema that name an image, such as .spec.containers[].image."""
    return sorted(path for path, description in _leaves(schemas, name, "", ()) if _names_image(path, description))


def documents(apiserver):
    """All OpenAPI 3 documents of an apiserver."""
    index = json.loads(apiserver.get("/openapi/v3"))["paths"]
    return [json.loads(apiserver.get(entry["serverRelativeURL"])) for entry in index.values()]


def _names_image(path, description):
    if path.startswith(REPORTED) or any(path.endswith(f".{ending}") for ending in NOT_AN_IMAGE):
        return False
    return "image" in path.lower() or bool(MENTIONS_IMAGES.search(description))


def _leaves(schemas, name, path, above):
    """(path, description) of each field that holds text, at any depth."""
    if name in above:
        return  # A schema within itself, as in a JSON schema, has no new fields.
    for field, schema in schemas.get(name, {}).get("properties", {}).items():
        description = schema.get("description", "")
        at, inner = f"{path}.{field}", schema
        if schema.get("type") == "array":
            at, inner = f"{at}[]", schema["items"]
        elif isinstance(schema.get("additionalProperties"), dict):
            at, inner = f"{at}{{}}", schema["additionalProperties"]
        below = _references(inner)
        if any("properties" in schemas.get(reference, {}) for reference in below):
            for reference in below:
                yield from _leaves(schemas, reference, at, (*above, name))
        elif inner.get("type") not in ("boolean", "integer", "number"):
            yield at, description


def _references(schema):
    names = [schema["$ref"]] if "$ref" in schema else []
    names += [part["$ref"] for part in schema.get("allOf", []) if "$ref" in part]
    return [name.rsplit("/", 1)[-1] for name in names]
