// Stored things to compact JSON text: structs and containers as arrays, enums as numbers, trailing defaults left out.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/codec/fields.h"
#include "engine/model/json.h"

namespace fermata::codec {

// A value nested deeper than this is written as a string of JSON, so that a row never reaches the parser's own depth limit.
inline constexpr int kInlineDepthMax = 40;

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void Put(bool value) { out_ += value ? '1' : '0'; }
  void Put(int value) { Put(static_cast<std::int64_t>(value)); }
  void Put(std::int64_t value);
  void Put(double value) { AppendJson(Value::Double(value), out_); }
  void Put(const std::string& value) { AppendJsonString(value, out_); }
  void Put(const InstanceId& value) { Put(value.empty() ? std::string() : value.ToString()); }
  // A string is marked by "=", a deep value is "!" and its JSON text; everything else is itself.
  void Put(const Value& value);
  template <class T>
  requires std::is_enum_v<T>
  void Put(T value) { Put(static_cast<std::int64_t>(value)); }
  template <class T>
  void Put(const std::optional<T>& value) {
    if (!value) {
      out_ += "null";
      return;
    }
    out_ += '[';
    Put(*value);
    out_ += ']';
  }
  template <class A, class B>
  void Put(const std::pair<A, B>& value) {
    out_ += '[';
    Put(value.first);
    out_ += ',';
    Put(value.second);
    out_ += ']';
  }
  template <class T>
  void Put(const std::vector<T>& values) {
    PutAll(values);
  }
  template <class K, class V, class C>
  void Put(const std::map<K, V, C>& values) {
    PutAll(values);
  }
  void Put(const Command& command) { PutTagged(command, kCommandTags); }
  void Put(const Outcome& outcome) { PutTagged(outcome, kOutcomeTags); }
  void Put(const EventBody& body) { PutTagged(body, kEventTags); }

  template <class S>
  requires requires(const S& s) { Fields(s); }
  void Put(const S& s) {
    out_ += '[';
    PutFields(s, 0);
    out_ += ']';
  }

 private:
  template <class C>
  void PutAll(const C& values) {
    out_ += '[';
    bool first = true;
    for (const auto& value : values) {
      if (!first) out_ += ',';
      first = false;
      Put(value);
    }
    out_ += ']';
  }

  // ["tag", field, …]
  template <class Variant, std::size_t N>
  void PutTagged(const Variant& variant, const std::string_view (&tags)[N]) {
    out_ += "[\"";
    out_ += tags[variant.index()];
    out_ += '"';
    std::visit([this](const auto& s) { PutFields(s, 1); }, variant);
    out_ += ']';
  }

  template <class S>
  void PutFields(const S& s, int before) {
    static const S kDefault{};
    std::size_t end = out_.size();
    int written = before;
    auto put = [&](const auto& field, const auto& standard) {
      if (written++ > 0) out_ += ',';
      Put(field);
      if (!(field == standard)) end = out_.size();
    };
    auto fields = Fields(s);
    auto standards = Fields(kDefault);
    [&]<std::size_t... I>(std::index_sequence<I...>) { (put(std::get<I>(fields), std::get<I>(standards)), ...); }
    (std::make_index_sequence<std::tuple_size_v<decltype(fields)>>());
    out_.resize(end);
  }

  std::string& out_;
};

}  // namespace fermata::codec
