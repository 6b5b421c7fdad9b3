// The way back from Writer's text. Everything returns false on text that this or an earlier release did not write; nothing asserts on input.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/codec/fields.h"
#include "engine/model/value.h"

namespace fermata::codec {

class Reader {
 public:
  bool Get(const Value& from, bool& to);
  bool Get(const Value& from, int& to);
  bool Get(const Value& from, std::int64_t& to);
  bool Get(const Value& from, double& to);
  bool Get(const Value& from, std::string& to);
  bool Get(const Value& from, InstanceId& to);
  bool Get(const Value& from, Value& to);
  bool Get(const Value& from, InstanceStatus& to) { return GetEnum(from, to, InstanceStatus::kCancelled); }
  bool Get(const Value& from, ActivationKind& to) { return GetEnum(from, to, ActivationKind::kItem); }
  bool Get(const Value& from, Phase& to) { return GetEnum(from, to, Phase::kDone); }
  bool Get(const Value& from, UndoProgress& to) { return GetEnum(from, to, UndoProgress::kParked); }
  bool Get(const Value& from, ErrorClass& to) { return GetEnum(from, to, ErrorClass::kDefinition); }
  bool Get(const Value& from, Continuation::Kind& to) { return GetEnum(from, to, Continuation::Kind::kFinish); }
  bool Get(const Value& from, IncidentKind& to) { return GetEnum(from, to, IncidentKind::kLost); }
  bool Get(const Value& from, IncidentAction& to) { return GetEnum(from, to, IncidentAction::kFail); }
  bool Get(const Value& from, ChildResult::Kind& to) { return GetEnum(from, to, ChildResult::Kind::kRefused); }
  bool Get(const Value& from, TechnicalError& to) { return GetEnum(from, to, TechnicalError::kInternal); }

  template <class T>
  bool Get(const Value& from, std::optional<T>& to) {
    to.reset();
    if (from.is_null()) return true;
    if (!from.is_list() || from.as_list().size() != 1) return false;
    return Get(from.as_list()[0], to.emplace());
  }
  template <class A, class B>
  bool Get(const Value& from, std::pair<A, B>& to) {
    return from.is_list() && from.as_list().size() == 2 && Get(from.as_list()[0], to.first) &&
           Get(from.as_list()[1], to.second);
  }
  template <class T>
  bool Get(const Value& from, std::vector<T>& to) {
    if (!from.is_list()) return false;
    to.clear();
    to.reserve(from.as_list().size());
    for (const Value& item : from.as_list())
      if (!Get(item, to.emplace_back())) return false;
    return true;
  }
  template <class K, class V, class C>
  bool Get(const Value& from, std::map<K, V, C>& to) {
    if (!from.is_list()) return false;
    to.clear();
    for (const Value& item : from.as_list()) {
      std::pair<K, V> entry;
      if (!Get(item, entry)) return false;
      to.emplace_hint(to.end(), std::move(entry));
    }
    return true;
  }
  bool Get(const Value& from, Command& to) { return GetTagged(from, to, kCommandTags); }
  bool Get(const Value& from, Outcome& to) { return GetTagged(from, to, kOutcomeTags); }
  bool Get(const Value& from, EventBody& to) { return GetTagged(from, to, kEventTags); }

  template <class S>
  requires requires(S& s) { Fields(s); }
  bool Get(const Value& from, S& to) { return from.is_list() && GetFields(from.as_list(), 0, to); }

 private:
  bool GetNumber(const Value& from, std::int64_t& to, std::int64_t low, std::int64_t high);

  template <class E>
  bool GetEnum(const Value& from, E& to, E last) {
    std::int64_t number = 0;
    if (!GetNumber(from, number, 0, static_cast<std::int64_t>(last))) return false;
    to = static_cast<E>(number);
    return true;
  }

  template <class Variant, std::size_t N, std::size_t I = 0>
  bool GetTagged(const Value& from, Variant& to, const std::string_view (&tags)[N]) {
    if (!from.is_list() || from.as_list().empty() || !from.as_list()[0].is_string()) return false;
    if constexpr (I < N) {
      if (from.as_list()[0].as_string() == tags[I]) return GetFields(from.as_list(), 1, to.template emplace<I>());
      return GetTagged<Variant, N, I + 1>(from, to, tags);
    } else {
      return false;
    }
  }

  // Fields that are not there keep their defaults; more than we know is not ours.
  template <class S>
  bool GetFields(const std::vector<Value>& from, std::size_t at, S& to) {
    auto fields = Fields(to);
    constexpr std::size_t kCount = std::tuple_size_v<decltype(fields)>;
    if (from.size() - at > kCount) return false;
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return ((at + I >= from.size() || Get(from[at + I], std::get<I>(fields))) && ...);
    }
    (std::make_index_sequence<kCount>());
  }
};

}  // namespace fermata::codec
