"""Keys and tokens for the JWT tests, made with the openssl command (no Python package needed)."""

import base64
import json
import subprocess


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


class Key:
    """A private key in a file, its JWK, and signing."""

    def __init__(self, folder, kid, kind):
        self.kid = kid
        self.kind = kind
        self.path = str(folder / f"{kid}.pem")
        if kind == "RSA":
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.path)
        else:
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path)

    @property
    def alg(self):
        return "RS256" if self.kind == "RSA" else "ES256"

    def jwk(self, **more):
        der = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        if self.kind == "EC":  # the point is the end of the DER
            return {"kty": "EC", "crv": "P-256", "kid": self.kid, "x": b64(der[-64:-32]), "y": b64(der[-32:]), **more}
        text = openssl("rsa", "-in", self.path, "-noout", "-modulus").decode()
        modulus = bytes.fromhex(text.strip().split("=")[1])
        return {"kty": "RSA", "kid": self.kid, "n": b64(modulus), "e": "AQAB", **more}

    def sign(self, data):
        signature = openssl("dgst", "-sha256", "-sign", self.path, data=data)
        return signature if self.kind == "RSA" else der_to_raw(signature)

    def token(self, claims, **header):
        head = {"alg": self.alg, "typ": "JWT", "kid": self.kid, **header}
        head = {name: value for name, value in head.items() if value is not None}
        text = b64(json.dumps(head).encode()) + "." + b64(json.dumps(claims).encode())
        return text + "." + b64(self.sign(text.encode()))


def der_to_raw(der):
    """SEQUENCE { INTEGER r, INTEGER s } as 64 bytes."""
    assert der[0] == 0x30
    numbers, rest = [], der[2:]
    while rest:
        length = rest[1]
        numbers.append(int.from_bytes(rest[2 : 2 + length], "big"))
        rest = rest[2 + length :]
    return b"".join(n.to_bytes(32, "big") for n in numbers)
