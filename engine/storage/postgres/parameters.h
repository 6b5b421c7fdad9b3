// Parameters of queries in PostgreSQL's binary format: single values, and arrays that carry one column of many rows.
//
// Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/ids.h"
#include "engine/storage/shard_set.h"

namespace fermata::postgres {

// Object ids of built-in types, the same in every PostgreSQL.
enum class Type : unsigned { kBool = 16, kBytea = 17, kInt8 = 20, kInt2 = 21, kText = 25 };

struct Parameter {
  unsigned type = 0;  // object id
  std::optional<std::string> bytes;
};

Parameter Int8(std::int64_t value);
Parameter Int2(int value);
Parameter Text(std::string_view text);    // names: no NUL
Parameter Bytea(std::string_view bytes);  // anything, and words that users give
Parameter Bytea(const InstanceId& id);
Parameter Int2s(const ShardSet& shards);

// One column of many rows, for unnest().
class Column {
 public:
  explicit Column(Type type);

  void Add(std::int64_t value);  // in the width of the column's type
  void Add(int value) { Add(std::int64_t{value}); }
  void Add(bool value) { Add(std::int64_t{value}); }
  void Add(std::string_view bytes);
  void Add(const std::string& bytes) { Add(std::string_view(bytes)); }
  void Add(const char* bytes) { Add(std::string_view(bytes)); }
  void Add(const InstanceId& id);
  template <class T>
  void Add(const std::optional<T>& value) {
    value ? Add(*value) : AddNull();
  }

  Parameter Finish() &&;

 private:
  void AddNull();

  Type type_;
  std::uint32_t count_ = 0;
  bool has_null_ = false;
  std::string elements_;
};

struct Query {
  std::string sql;
  std::vector<Parameter> parameters;
  bool again = false;  // the same text comes again and again: the server is to keep its plan
};

}  // namespace fermata::postgres
