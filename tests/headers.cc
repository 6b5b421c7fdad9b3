// Nothing of its own: its target compiles the headers that every test reads; see CMakeLists.txt.
