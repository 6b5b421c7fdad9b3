// Nothing of its own: a target of it compiles headers that many files read; see fermata_headers() in FermataTargets.cmake.
