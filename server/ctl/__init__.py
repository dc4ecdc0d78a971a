"""hadirctl: the command line of BKD and operators. Knows only `hadir`, nothing of the server."""
