// A deployed definition as one immutable bundle: the process, its schemas, and the manifests it was checked against.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace fermata {

struct StoredBundle {
  std::string file_name;
  std::string yaml;
  std::map<std::string, std::string> files;                    // schemas by relative path
  std::vector<std::pair<std::string, std::string>> manifests;  // file name, YAML; of the connectors that it names
};

std::string EncodeBundle(const StoredBundle& bundle);
Result<StoredBundle> DecodeBundle(std::string_view bytes);

}  // namespace fermata
