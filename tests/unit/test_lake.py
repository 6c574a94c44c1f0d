"""The lake replaces partitions whole: a reader sees the old one or the new one, also when the writer dies."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hedui.errors import LakeError
from hedui.lake import Lake, Manifest, Partition

DATE = dt.date(2026, 6, 3)
PARTITION = Partition(layer="findings", parts=("check:person:shebao",), date=DATE)


def write(lake: Lake, values: list[int], *, partition: Partition = PARTITION) -> Manifest:
    with lake.writer(partition) as writer:
        pq.write_table(pa.table({"x": values}), writer.new_file())
        return writer.commit(Manifest(rows=len(values)))


def read(lake: Lake, partition: Partition = PARTITION) -> list[int]:
    return [x for file in lake.files(partition) for x in pq.read_table(file)["x"].to_pylist()]


def test_a_partition_is_read_as_it_was_written(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    manifest = write(lake, [1, 2])
    assert read(lake) == [1, 2]
    assert lake.manifest(PARTITION) == manifest
    assert lake.dates("findings", "check:person:shebao") == [DATE]


def test_equal_content_has_an_equal_digest_and_other_content_another(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    first, again, other = write(lake, [1]), write(lake, [1]), write(lake, [2])
    assert first.digest == again.digest
    assert other.digest != first.digest


def test_a_failed_writer_leaves_the_old_partition_and_no_files(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    write(lake, [1])

    def fail() -> None:
        with lake.writer(PARTITION) as writer:
            pq.write_table(pa.table({"x": [9]}), writer.new_file())
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        fail()
    assert read(lake) == [1]
    assert len(list(Path(lake.full_path(PARTITION)).iterdir())) == 2  # the manifest and one version


def test_a_writer_killed_with_9_leaves_the_old_partition_and_the_next_write_cleans_up(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    write(lake, [1])
    code = f"""
import datetime as dt, os, signal, sys
import pyarrow as pa, pyarrow.parquet as pq
from hedui.lake import Lake, Partition
lake = Lake({str(tmp_path)!r})
partition = Partition(layer="findings", parts=("check:person:shebao",), date=dt.date(2026, 6, 3))
with lake.writer(partition) as writer:
    pq.write_table(pa.table({{"x": [9]}}), writer.new_file())
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", code], env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    folder = Path(lake.full_path(PARTITION))
    assert read(lake) == [1]
    assert len(list(folder.iterdir())) == 3
    write(lake, [2])
    assert read(lake) == [2]
    assert len(list(folder.iterdir())) == 2


def test_a_missing_partition_names_itself_and_the_cure(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=r"findings/check=person=shebao/2026-06-03.*run the step"):
        Lake(str(tmp_path)).files(PARTITION)


def test_a_removed_partition_is_gone_from_the_dates(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    write(lake, [1])
    lake.remove(PARTITION)
    lake.remove(PARTITION)  # once more changes nothing
    assert lake.manifest(PARTITION) is None
    assert lake.dates("findings", "check:person:shebao") == []


def test_the_lake_works_on_an_object_store() -> None:
    lake = Lake("memory://bucket/lake")
    with lake.writer(PARTITION) as writer:
        with lake.fs.open(writer.new_file(suffix=".txt"), "wb") as handle:
            handle.write(b"x")
        writer.commit(Manifest(rows=1))
    manifest = lake.manifest(PARTITION)
    assert manifest is not None
    assert manifest.rows == 1
    assert lake.dates("findings", "check:person:shebao") == [DATE]
