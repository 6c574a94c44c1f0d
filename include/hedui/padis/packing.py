"""From mapped records to a finished file: envelope, archive, encryption, digests, signature, names; and the look at it before it goes."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hedui.padis import crypto, envelopes
from hedui.padis.errors import PackageError
from hedui.padis.fields import Kind
from hedui.site.padis_profile import Encryption, Profile

ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A finished file, as it is kept and sent.

    Attributes:
        batch: The batch's number.
        name: The file's name.
        content: Its bytes: what goes out again is exactly this.
        places: What templates of the transport may name: ``batch``, ``sha256``, ``sm3``, ``digest``, ``signature`` …
        sidecars: Further small files by name: digest and signature.
        columns, rows: Records of the file as a front-end table takes them.
    """

    batch: str
    name: str
    content: bytes
    places: Mapping[str, str]
    sidecars: Mapping[str, bytes]
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Address:
    """What a batch is called by.

    Attributes:
        kind: Kind of its records.
        sender: Region code of who reports.
        region: The records' region, or the sender's.
        period: Their month.
        batch: Number.
        seq: Running number in the period.
        date: Day of packing.
    """

    kind: Kind
    sender: str
    region: str
    period: str
    batch: str
    seq: int
    date: dt.date

    def places(self, profile: Profile, count: int) -> dict[str, str]:
        """What templates may name before the file is finished; ``seq`` has four digits."""
        return {
            "type": profile.records[self.kind].type,
            "kind": self.kind,
            "sender": self.sender,
            "region": self.region,
            "period": self.period,
            "batch": self.batch,
            "seq": f"{self.seq:04d}",
            "yyyymmdd": f"{self.date:%Y%m%d}",
            "count": str(count),
        }


def pack(profile: Profile, address: Address, *, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Parcel:
    """The finished file of mapped records; no record at all makes a zero report.

    Raises:
        PackageError: What was written does not read back as what was meant.
    """
    places = address.places(profile, len(rows))
    head = {name: template.format(**places) for name, template in getattr(profile.envelope, "head_fields", {}).items()}
    text = envelopes.write(profile.envelope, names=names, rows=rows, head=head)
    _check(profile, text, names=names, rows=rows)
    name = profile.name.format(**places)
    places |= {"name": name, "stem": name.rsplit(".", 1)[0]}
    content = crypto.encrypt(archived(profile, text, member=profile.member.format(**places)), profile.encryption)
    if profile.encryption is not None:
        name += profile.encryption.suffix
        places["name"] = name
    return _finished(profile, address.batch, name, content, places, tuple(names))


def _finished(
    profile: Profile, batch: str, name: str, content: bytes, places: Mapping[str, str], columns: tuple[str, ...]
) -> Parcel:
    digests = {"sha256": crypto.sha256(content), "sm3": crypto.sm3(content)}
    signature = crypto.sign(content, profile.signature)
    told = digests[profile.digest.algorithm]
    sidecars = {}
    if profile.digest.sidecar:
        sidecars[name + profile.digest.sidecar] = told.encode("ascii")
    if profile.signature is not None and profile.signature.sidecar:
        sidecars[name + profile.signature.sidecar] = signature.encode("ascii")
    everything = {**places, **digests, "digest": told, "signature": signature}
    return Parcel(batch=batch, name=name, content=content, places=everything, sidecars=sidecars, columns=columns)


def archived(profile: Profile, text: bytes, *, member: str) -> bytes:
    """The text with the profile's archive around it; the same text gives the same bytes."""
    if profile.archive == "none":
        return text
    if profile.archive == "gz":
        return gzip.compress(text, mtime=0)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(member, date_time=ZIP_TIME), text, compress_type=zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _check(profile: Profile, text: bytes, *, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Reads the file back: every record with every field, and no field beside those of the profile."""
    found = envelopes.read(profile.envelope, text).rows
    keys = list(names) if getattr(profile.envelope, "header", True) else [str(at) for at in range(1, len(names) + 1)]
    if len(found) != len(rows):
        raise PackageError(f"The file holds {len(found)} records in place of {len(rows)}; nothing was packed. Report this.")
    for number, (record, row) in enumerate(zip(found, rows, strict=True), 1):
        if list(record) != keys or any(
            kept != value.strip() and kept != value for kept, value in zip(record.values(), row, strict=True)
        ):
            raise PackageError(
                f"Record {number} of the file reads back otherwise than it was written; nothing was packed. Report this."
            )


def unpack(profile: Profile, content: bytes) -> envelopes.Sheet:
    """What a finished file holds: for a front-end table, for the reference server, for people.

    Raises:
        PackageError: It is not such a file. PadisError: it cannot be decrypted.
    """
    return envelopes.read(profile.envelope, _opened(profile, _decrypted(content, profile.encryption)))


def _decrypted(content: bytes, how: Encryption | None) -> bytes:
    if how is None:
        return content
    if how.engine not in crypto.NONCE:
        raise PackageError(f'Files encrypted by "{how.engine}" can be opened by that engine only.')
    return crypto.decrypt_sm4(content, engine=how.engine, key=how.key)


def _opened(profile: Profile, content: bytes) -> bytes:
    try:
        if profile.archive == "gz":
            return gzip.decompress(content)
        if profile.archive == "zip":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = archive.namelist()
                if len(names) != 1:
                    raise PackageError(f"The archive holds {len(names)} files in place of one.")
                return archive.read(names[0])
    except (OSError, EOFError, zipfile.BadZipFile, RuntimeError):
        raise PackageError(f"The file is no readable {profile.archive} archive.") from None
    return content


def with_rows(profile: Profile, parcel: Parcel) -> Parcel:
    """The parcel with its records, for a front-end table."""
    sheet = unpack(profile, parcel.content)
    return Parcel(
        batch=parcel.batch, name=parcel.name, content=parcel.content, places=parcel.places, sidecars=parcel.sidecars,
        columns=parcel.columns, rows=sheet.rows,
    )  # fmt: skip


def wire_digest(values: Sequence[str]) -> str:
    """SHA-256 over a record's values on the wire: what both sides' stores are compared by."""
    return crypto.sha256("\x1f".join(values).encode())
