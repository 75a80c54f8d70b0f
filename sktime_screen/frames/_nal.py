"""Which packets hold pictures that no other picture refers to, read from their first bytes.

Such packets need not be decoded unless their own picture is wanted. H.264: ITU-T H.264, 7.4.1
(``nal_ref_idc`` is 0). HEVC: ITU-T H.265, 7.4.2.2 (sub-layer non-reference pictures, which only
pictures of higher sub-layers may refer to).
"""

_H264_SLICES = range(1, 6)
_HEVC_SLICES = range(32)
# Slices follow parameter sets and messages; a packet that has not shown one by then is kept.
_LOOK_AT = 4096


def disposable_tester(codec, extradata):
    """Return a function that tells whether a packet's picture is referred to by no other.

    Parameters
    ----------
    codec : str
        FFmpeg's name of the codec.
    extradata : bytes or None
        The stream's codec configuration, from which the framing of the packets is known.

    Returns
    -------
    callable or None
        Takes the bytes of a packet; None for codecs where it cannot be told.
    """
    extradata = extradata or b""
    if codec == "h264":
        framed = len(extradata) > 4 and extradata[0] == 1
        length_size = (extradata[4] & 3) + 1 if framed else None
        return lambda packet: _h264(_units(packet, length_size))
    if codec == "hevc":
        framed = len(extradata) > 21 and extradata[0] == 1
        length_size = (extradata[21] & 3) + 1 if framed else None
        return lambda packet: _hevc(_units(packet, length_size))
    return None


def _h264(units):
    for unit in units:
        if unit[0] & 31 in _H264_SLICES:
            return unit[0] >> 5 & 3 == 0
    return False


def _hevc(units):
    for unit in units:
        kind = unit[0] >> 1 & 63
        if kind in _HEVC_SLICES:
            temporal_id = (unit[1] & 7) - 1 if len(unit) > 1 else 0
            # Even types below 16 are the non-reference ones; above the lowest sub-layer it would
            # take the whole stream to know that no higher one refers to them.
            return kind < 16 and kind % 2 == 0 and temporal_id == 0
    return False


def _units(packet, length_size):
    """Yield the first bytes of each NAL unit."""
    data = memoryview(packet)
    if length_size is None:
        data = bytes(data[:_LOOK_AT])
        start = data.find(b"\x00\x00\x01")
        while 0 <= start < len(data) - 4:
            yield data[start + 3 : start + 5]
            start = data.find(b"\x00\x00\x01", start + 3)
        return
    position = 0
    while position + length_size < len(data):
        begin = position + length_size
        size = int.from_bytes(data[position:begin], "big")
        yield bytes(data[begin : begin + 2])
        position = begin + max(size, 1)
