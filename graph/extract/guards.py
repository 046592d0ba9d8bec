"""What a packed document must be before any parser sees it: small when unpacked, shallow, and without entity tricks."""

import io
import zipfile
import zlib
from dataclasses import dataclass
from xml.parsers import expat

from graph.extract.budget import Refused
from graph.extract.reasons import BROKEN, PASSWORD, TOO_LARGE

MAX_MEMBERS = 10_000
MAX_UNPACKED = 300 * 1024 * 1024
MAX_XML = 120 * 1024 * 1024
MAX_RATIO = 250
RATIO_FROM = 48 * 1024 * 1024
MAX_DEPTH = 400
CHUNK = 1024 * 1024


@dataclass(slots=True)
class Survey:
    """`elements` counts the XML elements of all parts: the measure of how long a parser will take."""

    archive: zipfile.ZipFile
    names: frozenset[str]
    elements: int = 0


def survey(data: bytes) -> Survey:
    """Opens a package of XML parts. Raises `Refused`."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise Refused(BROKEN) from error
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
        raise Refused(TOO_LARGE)
    found = Survey(archive, frozenset(member.filename for member in members))
    xml = 0
    for member in members:
        if member.flag_bits & 1:
            raise Refused(PASSWORD)
        if member.file_size > RATIO_FROM and member.file_size > MAX_RATIO * max(member.compress_size, 1):
            raise Refused(TOO_LARGE)
        if member.filename.endswith((".xml", ".rels")):
            xml += member.file_size
            if xml > MAX_XML:
                raise Refused(TOO_LARGE)
            found.elements += _check_xml(archive, member)
    return found


def _check_xml(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """Counts elements. zipfile never yields more than the declared size, so the declared sizes checked above are the actual ones."""
    depth = count = 0

    def start(_name: str, _attributes: object) -> None:
        nonlocal depth, count
        depth += 1
        count += 1
        if depth > MAX_DEPTH:
            raise Refused(BROKEN)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def declared(*_arguments: object) -> None:
        raise Refused(BROKEN)

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.EntityDeclHandler = declared
    try:
        with archive.open(member) as part:
            while chunk := part.read(CHUNK):
                parser.Parse(chunk)
    except expat.ExpatError:
        # Parsers differ in what they forgive; a part that expat refuses may be one nobody reads.
        return count
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Refused(BROKEN) from error
    return count


def words(
    archive: zipfile.ZipFile,
    part: str,
    *,
    text: frozenset[str],
    breaks: frozenset[str],
    without: frozenset[str] = frozenset(),
) -> str:
    """The text inside elements named `text` (without prefix) and outside those named `without`, with a new line after each
    element in `breaks`. Linear in size."""
    pieces: list[str] = []
    inside = skipped = 0

    def start(name: str, _attributes: object) -> None:
        nonlocal inside, skipped
        local = name.rsplit(":", 1)[-1]
        inside += local in text
        skipped += local in without
        if local in {"tab", "tc", "table-cell"}:
            pieces.append("\t")

    def end(name: str) -> None:
        nonlocal inside, skipped
        local = name.rsplit(":", 1)[-1]
        inside -= local in text
        skipped -= local in without
        if local in breaks:
            pieces.append("\n")

    def data(characters: str) -> None:
        if inside > 0 and not skipped:
            pieces.append(characters)

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    try:
        with archive.open(part) as stream:
            while chunk := stream.read(CHUNK):
                parser.Parse(chunk)
    except (expat.ExpatError, KeyError):
        pass
    return "".join(pieces)
