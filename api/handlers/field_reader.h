// Reads a JSON object strictly: every field is known, present where it must be and of its kind; all mistakes are told at once.
//
// Not thread-safe; lives as long as one request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/value.h"

namespace fermata {

class FieldReader {
 public:
  // `object` must outlive the reader. `path` is where it stands in the body ("" = the body itself).
  // Fields that are not in `known` are mistakes (kUnknownField), with the nearest known one as hint.
  FieldReader(const Value& object, std::vector<std::string> known, std::string path = "");

  // nullopt when the field is absent, null or wrong; wrong ones are noted.
  std::optional<std::string> Text(std::string_view name);
  std::optional<std::int64_t> Integer(std::string_view name);
  // Null when absent. A field that holds null is a null.
  const Value* Any(std::string_view name) const;
  const Value* Object(std::string_view name);
  // Noted as missing when absent.
  std::string RequiredText(std::string_view name);

  void Fail(std::string_view name, std::string message);

  // All mistakes: kWrongField or kUnknownField, with a path each. Empty = none.
  const std::vector<Error>& mistakes() const { return mistakes_; }

 private:
  std::string PathOf(std::string_view name) const;

  const Value& object_;
  std::string path_;
  bool is_object_ = true;
  std::vector<Error> mistakes_;
};

// "a string", "an object", … for messages.
std::string_view JsonKindName(const Value& value);

// `name` as one step of a JSON pointer.
std::string PointerStep(std::string_view name);

}  // namespace fermata
