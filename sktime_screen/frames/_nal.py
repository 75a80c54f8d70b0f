"""What a packet of H.264 or HEVC says of itself in its first bytes.

Pictures that no other refers to need not be decoded unless they are wanted themselves. H.264: ITU-T
H.264, 7.4.1 (``nal_ref_idc`` is 0). HEVC: ITU-T H.265, 7.4.2.2 (sub-layer non-reference pictures,
which only pictures of higher sub-layers may refer to).
"""

_H264_SLICES = range(1, 6)
_H264_MESSAGES = 6
_RECOVERY_POINT = 6
_HEVC_SLICES = range(32)
# Slices follow parameter sets and messages; a packet that has not shown one by then is kept.
_LOOK_AT = 4096
# Messages of interest come first and are short.
_UNIT = 128


def packet_reader(codec, extradata):
    """Return a function that tells what other pictures a packet's picture needs and serves.

    Parameters
    ----------
    codec : str
        FFmpeg's name of the codec.
    extradata : bytes or None
        The stream's codec configuration, from which the framing of the packets is known.

    Returns
    -------
    callable
        Takes an ``av.Packet`` and returns whether decoding can begin at it, and whether its picture
        is known to be one that no other refers to.
    """
    extradata = extradata or b""
    if codec == "h264":
        framed = len(extradata) > 4 and extradata[0] == 1
        length_size = (extradata[4] & 3) + 1 if framed else None
        return lambda packet: (
            packet.is_keyframe and not _is_gradual(_units(packet, length_size)),
            _h264_disposable(_units(packet, length_size)),
        )
    if codec == "hevc":
        framed = len(extradata) > 21 and extradata[0] == 1
        length_size = (extradata[21] & 3) + 1 if framed else None
        return lambda packet: (packet.is_keyframe, _hevc_disposable(_units(packet, length_size)))
    return lambda packet: (packet.is_keyframe, False)


def _h264_disposable(units):
    for unit in units:
        if unit[0] & 31 in _H264_SLICES:
            return unit[0] >> 5 & 3 == 0
    return False


def _is_gradual(units):
    """Tell whether the picture is whole only some frames after decoding begins at it.

    Films refreshed column by column have no true key frames but the first, yet many are marked.
    """
    for unit in units:
        if unit[0] & 31 in _H264_SLICES:
            return False
        if unit[0] & 31 == _H264_MESSAGES:
            position = 1
            while position + 2 < len(unit):
                kind, size = unit[position], unit[position + 1]
                if kind == _RECOVERY_POINT:
                    # recovery_frame_cnt is written so that a first bit of 1 means 0.
                    return unit[position + 2] < 128
                if 255 in (kind, size):
                    break
                position += 2 + size
    return False


def _hevc_disposable(units):
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
            yield data[start + 3 : start + 3 + _UNIT]
            start = data.find(b"\x00\x00\x01", start + 3)
        return
    position = 0
    while position + length_size < len(data):
        begin = position + length_size
        size = int.from_bytes(data[position:begin], "big")
        yield bytes(data[begin : min(begin + size, begin + _UNIT)]) or b"\x00"
        position = begin + max(size, 1)
