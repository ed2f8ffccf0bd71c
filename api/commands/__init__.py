"""What each command of the command line does; every function prints to a `Terminal` and gives the exit code."""
