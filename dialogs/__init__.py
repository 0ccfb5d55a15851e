"""What we ask, and what answers mean. Pure: no input or output, no clock, no chance."""
