#include "api/http/request.h"

namespace fermata {
namespace {

const std::string* FindFirst(const std::vector<std::pair<std::string, std::string>>& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace

const std::string* HttpRequest::FindHeader(std::string_view lower_case_name) const {
  return FindFirst(headers, lower_case_name);
}

const std::string* HttpRequest::FindQuery(std::string_view name) const { return FindFirst(query, name); }

const std::string* HttpRequest::DuplicatedQuery() const {
  for (std::size_t i = 0; i < query.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (query[i].first == query[j].first) return &query[i].first;
    }
  }
  return nullptr;
}

}  // namespace fermata
