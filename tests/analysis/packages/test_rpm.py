"""RPM databases in SQLite and in rpm's own format."""

import sqlite3
import struct
from base64 import b85decode
from collections.abc import Callable
from contextlib import closing
from zlib import decompress

import pytest

from layerscope.analysis.packages import rpm
from layerscope.analysis.packages.final_files import ParseBudget
from layerscope.analysis.packages.package import BrokenDatabase, Package
from tests.analysis.packages.test_packages import packages_of
from tests.analysis.size.analyzed import sized, written

# beta-1:2-1.noarch, as rpm 4.20.1 has written it into a database
HEADER = decompress(b85decode(
    "c-nQ9JB%DP7{|SjB;1jR%L5V+#qlT-iQV(q9?uwoqUZwL6@-%@QjiFW$B(;#z1`L9-f2UZ9wDSqP*6~$p`)OnK!^$`D4>IyAQDJ;"
    "h=)K5T)gA|DnWpyZ#=*Gf40B*{CS2D@;D)_w+SJ~gY6-t`Df@Cg4tkqkk}f*=St{z2Wx__g7<*G1J8lK4}Ck>Uhp+&3*hVE1K=Ov"
    "e+c{|<~suZ8T$R;-=Qyp|G<0?g8zcv1^*2ek=t#|_gJu2xZNFlvI3q1p90Ur|2goT$j>?OUhvo8eek~mz6<)V;DyMI7Whz%uYr8D"
    "?~dae4?{l;e+vBw^c?!V&`*Nz178Fm#r*GJ{8JeJF7y@f2jEqV{}g-%`ezvbJoL}OFF^ki{%4_I2EPdYCDu^8i19R04{ZxR40d4b"
    "ciV#>0QbNTfyZ(E<}4pu;8{Ml<ND3Dxc<S5&^O}vgCAqQ9{4i+EATh)e-C^W`umX^ji|R!?~PsYY_t|)%{TVN`CF*h#(wZB>hmXz"
    "e--bu3(sFi{P#eA1Nu7nP4EWzttl^)!i_ayB#GyDLMG(p{Rh6--mH0kLQeNbLuX1~I!k(Ge``Ye16`R7GHcUXZJxM(;nIam@xgTb"
    "%t(=B%y6ch7pcj;wUp5;cdAH?cbs|2l7b17u)?a~prtVxld|BFn_O5%GHwc<r$NaxoeL$5=A3bwa+*k%GtaHITv@?Pn9OM5GG(o1"
    "TAR!&ZOFe`H5iQl|1!--hjo(fs50GZ81k@lTdT7b6FEP#;M6ONqsxQMVdX|6XP+#4?v&niqhkcx^vTI`-Hpb#o~`Ngy@9TsM=N^U"
    "tyRvKlVgN;X;*X-BD%6m>por??Iu|IAJ)Y8r{0U?(GdErSFL^On5_<%%|YeJ($=V28g1yxE!}=U^;#mGXV_wAotR-cAnUJ`L!z+V"
    "oo&~*gQ^ot;J;eEmMtr1#)IlSIq~fB>gwXyO~$j>w#L4b6Cd`7=7}v*%d84}lq6xtsS`#dnrDfW!r6=}YMs)IN}m?FR~eOx(j@gV"
    "&XsZ{ytmA$%oy!cm3r=Is5Q=oR<h9CyOf4H^V(>sSSAb;DinsGg_W*OQT-#^*}3r%em3Elefz|<r(dhex!*o{>5=38#jif3(h5#}"
    "rbGzSQy(Hp6E-cz)SFPVJWYe@a#9p|p3BUNG!s085>_sXg0no8!fGM&BxRP{@a9TMnTBu^Z4Hx@=PHxh<J`nl)!(|-ly3sO$RQm"
))  # fmt: skip
BETA = ("rpm", "beta", "1:2-1")
PATHS = (b"usr/share/beta", b"usr/share/beta/data", b"usr/share/beta/more")


def sqlite(*headers: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(header,) for header in headers])
        database.commit()
        data = database.serialize()
    # rpm uses a write-ahead log
    return data[:18] + b"\2\2" + data[20:]


def ndb(*headers: bytes) -> bytes:
    blocks, slots = b"", struct.pack("<4s7I", b"RpmP", 0, 1, 1, len(headers) + 1, 0, 0, 0)
    for number, header in enumerate(headers, start=1):
        blob = struct.pack("<4sIII", b"BlbS", number, 1, len(header)) + header
        blob += bytes(-len(blob) % 16)
        slots += struct.pack("<4sIII", b"Slot", number, (4096 + len(blocks)) // 16, len(blob) // 16)
        blocks += blob
    empty = struct.pack("<4sIII", b"Slot", 0, 0, 0)
    return slots + empty * ((4096 - len(slots)) // 16) + blocks


def header(name: bytes, folder: bytes = b"/", bases: int = 1) -> bytes:
    """Return a header with a name, and files of empty names in one folder."""
    texts = [name, b"1", b"2", folder, b"", *[b""] * (bases - 1)]
    data, offsets = b"", list[int]()
    for text in texts:
        offsets.append(len(data))
        data += text + b"\0"
    tags = [(1000, 6, offsets[0], 1), (1001, 6, offsets[1], 1), (1002, 6, offsets[2], 1), (1118, 8, offsets[3], 1)]
    tags += [(1117, 8, offsets[4], bases), (1116, 4, len(data), bases)]
    data += bytes(4 * bases)
    return struct.pack(">II", len(tags), len(data)) + b"".join(struct.pack(">4I", *tag) for tag in tags) + data


def read(data: bytes) -> list[Package]:
    return list(rpm.read(b"", data, ParseBudget()))


@pytest.mark.parametrize("pack", [sqlite, ndb])
def test_a_header_that_rpm_has_written_is_read_from_both_formats(pack: Callable[..., bytes]) -> None:
    beta, other = read(pack(HEADER, header(b"other")))
    assert (beta[:3], beta.paths) == (BETA, PATHS)
    assert other[:3] == ("rpm", "other", "1-2")


@pytest.mark.parametrize(
    ("path", "pack"), [("var/lib/rpm/rpmdb.sqlite", sqlite), ("usr/lib/sysimage/rpm/Packages.db", ndb)]
)
def test_rpm_packages_own_their_files(path: str, pack: Callable[..., bytes]) -> None:
    found = packages_of(sized([written(path, pack(HEADER)), written("usr/share/beta/data", size=70)]))
    assert [(*each.package[:3], each.size) for each in found.packages] == [(*BETA, 70)]
    assert found.unread == ()


@pytest.mark.parametrize("size", [0, 7, 8, 100, len(HEADER) - 1])
def test_a_header_that_is_cut_is_left_out(size: int) -> None:
    assert [package.name for package in read(ndb(HEADER[:size], header(b"other")))] == ["other"]


def test_a_header_is_read_within_a_budget_whatever_it_states() -> None:
    (package,) = read(ndb(header(b"a", b"/" + b"f" * 4_000, bases=60_000)))
    assert sum(map(len, package.paths)) < 150_000_000


@pytest.mark.parametrize("data", [b"SQLite format 3\0" + bytes(5_000), sqlite(HEADER)[:5_000], b"no database"])
def test_a_broken_database_is_reported(data: bytes) -> None:
    with pytest.raises(BrokenDatabase):
        read(data)
    assert packages_of(sized([written("var/lib/rpm/Packages.db", data)])).unread == (b"var/lib/rpm/Packages.db",)


def test_slots_that_lead_out_of_the_file_are_left_out() -> None:
    assert read(ndb(HEADER)[:4096] + bytes(10)) == []


def test_slots_that_share_one_blob_end_the_reading() -> None:
    data = bytearray(ndb(HEADER, HEADER))
    for number in range(1, 200):
        at = 4096 // 16
        data[16 * (number + 1) : 16 * (number + 2)] = struct.pack("<4sIII", b"Slot", 1, at, 1)
    with pytest.raises(BrokenDatabase):
        read(bytes(data))


def test_a_table_that_is_a_query_without_an_end_is_stopped() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT zeroblob(1) AS blob FROM n"
        database.execute(f"CREATE VIEW Packages AS {endless} WHERE i < 0")
        database.commit()
        data = database.serialize()
    with pytest.raises(BrokenDatabase):
        read(data)
