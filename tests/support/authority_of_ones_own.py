"""A certificate authority of one's own, and what it signs for servers of tests."""

from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
PLAIN = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
BEGINS, ENDED, ENDS = (datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 2021, 2099))


@dataclass(frozen=True, slots=True)
class OwnAuthority:
    """Signs certificates; whoever trusts it finds it in `path`."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    @property
    def path(self) -> Path:
        return self.folder / "authority.pem"

    def signed(self, file: str, host: str, until: datetime = ENDS) -> Path:
        """A server's certificate and key in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(self.name, _name(file), key.public_key(), until).add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False
        )
        path = self.folder / f"{file}.pem"
        signed = made.sign(self.key, hashes.SHA256()).public_bytes(PEM)
        path.write_bytes(key.private_bytes(PEM, *PLAIN) + signed)
        return path


def own_authority(folder: Path) -> OwnAuthority:
    """One that nobody trusts yet."""
    key, name = ec.generate_private_key(ec.SECP256R1()), _name("own authority")
    made = _certificate(name, name, key.public_key(), ENDS).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    authority = OwnAuthority(folder, key, name)
    authority.path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(PEM))
    return authority


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    issuer: x509.Name, subject: x509.Name, key: ec.EllipticCurvePublicKey, until: datetime
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
    return made.not_valid_before(BEGINS).not_valid_after(until)
