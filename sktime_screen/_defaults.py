"""Numbers that a user meets in several rooms."""

# Frames a second at which videos are looked at.
SAMPLING_RATE = 1.0
# How often an interval is to hold.
CONFIDENCE_LEVEL = 0.9
