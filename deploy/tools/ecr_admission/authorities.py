"""The certificate authorities of --ca-file and of a webhook's caBundle."""

import base64
import re
import ssl

from . import files
from .problem import Problem

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def read(path):
    """The certificates in the PEM file `path`, without the text between them; None where `path` is None."""
    return None if path is None else parse(files.read(path), f"the CA file {path}")


def parse(text, source):
    """The certificates in `text`, as PEM; raises Problem where `source` has none, or a damaged one."""
    certificates = CERTIFICATE.findall(text)
    if not certificates:
        raise Problem(f"{source} has no certificate; expected PEM (-----BEGIN CERTIFICATE-----)")
    pem = "\n".join(certificates) + "\n"
    try:
        ssl.create_default_context(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise Problem(f"{source} has a certificate that cannot be read ({error}); expected PEM") from error
    return pem


def bundle(pem):
    """The `caBundle` value of a PEM text."""
    return base64.b64encode(pem.encode()).decode()
