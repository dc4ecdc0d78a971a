"""Hadir beside other libraries on the same frames and the same core: `hadir-bench peers`."""
