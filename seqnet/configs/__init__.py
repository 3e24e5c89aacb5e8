"""Every setting of the program and its default, once, in classes that check themselves."""
