"""A registry in moto's ECR with one image that passes every rule and one whose tag can be overwritten."""

import json
import urllib.request

from .emulators import ACCOUNT, REGION, aws

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
GOOD = f"{HOST}/payments/api:1.4"
MUTABLE = f"{HOST}/web/frontend:2.1"

_MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": 2,
            "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        },
        "layers": [],
    }
)

def fill(moto_url):
    """Makes the two repositories and their images."""
    for image, mutability in ((GOOD, "IMMUTABLE"), (MUTABLE, "MUTABLE")):
        name, tag = image.split("/", 1)[1].split(":")
        aws(
            moto_url,
            *("ecr", "create-repository", "--repository-name", name),
            *("--image-tag-mutability", mutability, "--image-scanning-configuration", "scanOnPush=true"),
        )
        image_arguments = ("--repository-name", name, "--image-tag", tag, "--image-manifest", _MANIFEST)
        pushed = aws(moto_url, "ecr", "put-image", *image_arguments)
        image_id = pushed["image"]["imageId"]
        aws(moto_url, "ecr", "start-image-scan", "--repository-name", name, "--image-id", f"imageTag={tag}")
        _set_clean(moto_url, name, image_id)
    # The effective scan frequency; moto applies it to the repositories there are.
    every = {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}
    rules = ("--scan-type", "BASIC", "--rules", json.dumps([every]))
    aws(moto_url, "ecr", "put-registry-scanning-configuration", *rules)


def _set_clean(moto_url, name, image_id):
    # What ECR says of an image in which nothing was found. moto gives each result to one question.
    result = {
        "registryId": ACCOUNT,
        "repositoryName": name,
        "imageId": image_id,
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": {
            "imageScanCompletedAt": 1795176000,
            "findings": [],
            "findingSeverityCounts": {},
        },
    }
    body = json.dumps({"region": REGION, "results": [result]}).encode()
    url = f"{moto_url}/moto-api/static/ecr/scan-finding-results"
    urllib.request.urlopen(urllib.request.Request(url, body), timeout=10).read()
