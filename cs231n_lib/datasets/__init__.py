"""Where the course's four datasets come from; `cs231n_lib.data` is the door to all of them."""
