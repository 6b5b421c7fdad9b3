// What a fallible function gives back: a value, or an Error that a person can act on.
//
// Exceptions of libraries end in the adapter that calls the library; across our own headers failure is a Result.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "engine/base/assert.h"
#include "engine/base/error_code.h"

namespace fermata {

struct Error {
  ErrorCode code{};
  // Whole sentences with the values in them: "Expected …, but …". No internals, no secrets.
  std::string message{};
  // Where in the input, as a JSON pointer ("/input/amount"); empty where that makes no sense.
  std::string path{};
  std::string hint{};
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : content_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit, so that `return value;` reads well
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return content_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Asserts ok().
  T& value() & { return Checked(), std::get<0>(content_); }
  const T& value() const& { return Checked(), std::get<0>(content_); }
  T&& value() && { return Checked(), std::get<0>(std::move(content_)); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

  // Asserts !ok().
  const Error& error() const& {
    FERMATA_ASSERT(!ok());
    return std::get<1>(content_);
  }
  Error&& error() && {
    FERMATA_ASSERT(!ok());
    return std::get<1>(std::move(content_));
  }

 private:
  void Checked() const { FERMATA_ASSERT(ok()); }

  std::variant<T, Error> content_;
};

// For functions that only succeed or fail: `return Done{};`.
struct Done {};
using Status = Result<Done>;

}  // namespace fermata
