"""Read XML files safely, without definitions of entities."""

from xml.etree.ElementTree import ParseError, XMLParser


class Elements:
    """A target of the XML parser, which keeps nothing, as the file may be large."""

    def doctype(self, name, public, system):
        """Refuse definitions, since entities can grow without end or read other files."""
        raise ValueError("it has a DOCTYPE, which no annotation tool writes. Delete it")


def read_xml(path, elements=None):
    """Read an XML file, element by element."""
    parser = XMLParser(target=Elements() if elements is None else elements)
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                parser.feed(block)
        parser.close()
    except (ParseError, LookupError) as error:
        raise ValueError(f"{path!r} cannot be read as XML: {error}.") from error
    except ValueError as error:
        raise ValueError(f"{path!r}: {error}.") from error
