"""What a packet of H.264 or HEVC says of itself in its first bytes.

Pictures that no other refers to need not be decoded unless they are wanted themselves. H.264: ITU-T
H.264, 7.4.1 (``nal_ref_idc`` is 0). HEVC: ITU-T H.265, 7.4.2.2 (sub-layer non-reference pictures,
which only pictures of higher sub-layers may refer to).

Key frames are looked at too: containers mark pictures as such at which decoding cannot begin.
"""

# Codecs of which packets are known to be key frames, whatever the container says.
EXACT_KEYS = ("h264", "hevc")

_H264_SLICES = range(1, 6)
_H264_IDR = 5
_H264_MESSAGES = 6
_RECOVERY_POINT = 6
_HEVC_SLICES = range(32)
_HEVC_KEYS = range(16, 24)
# Slices follow parameter sets and messages; a packet that has not shown one by then is kept.
_LOOK_AT = 4096
# The messages of interest are short.
_UNIT = 128


def make_packet_reader(codec, extradata):
    """Return a function that tells what other pictures a packet's picture needs and serves."""
    extradata = extradata or b""
    if codec == "h264":
        look_at, length_at = _read_h264, 4
    elif codec == "hevc":
        look_at, length_at = _read_hevc, 21
    else:
        return lambda packet: (packet.is_keyframe, False)
    framed = len(extradata) > length_at and extradata[0] == 1
    length_size = (extradata[length_at] & 3) + 1 if framed else None

    def read(packet):
        begins, is_disposable = look_at(_iterate_units(packet, length_size))
        return packet.is_keyframe and begins, is_disposable

    return read


def _read_h264(units):
    recovers = False
    for unit in units:
        kind = unit[0] & 31
        if kind in _H264_SLICES:
            return kind == _H264_IDR or recovers, unit[0] >> 5 & 3 == 0
        if kind == _H264_MESSAGES:
            recovers = recovers or _recovers_at_once(unit)
    return False, False


def _recovers_at_once(messages):
    """Look for a recovery point that is not some frames away, as in videos refreshed by columns."""
    position = 1
    while position + 2 < len(messages):
        kind, size = messages[position], messages[position + 1]
        if kind == _RECOVERY_POINT:
            # The number of frames is written so that a first bit of 1 means none.
            return messages[position + 2] >= 128
        if 255 in (kind, size):
            break
        position += 2 + size
    return False


def _read_hevc(units):
    for unit in units:
        kind = unit[0] >> 1 & 63
        if kind in _HEVC_SLICES:
            temporal_id = (unit[1] & 7) - 1 if len(unit) > 1 else 0
            # Even types below 16 are the non-reference ones; above the lowest sub-layer it would
            # take the whole stream to know that no higher one refers to them.
            return kind in _HEVC_KEYS, kind < 16 and kind % 2 == 0 and temporal_id == 0
    return False, False


def _iterate_units(packet, length_size):
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
        if size:
            yield bytes(data[begin : begin + min(size, _UNIT)])
        position = begin + size
