// Rows of one table as one query, a column an array.
//
// Plain values.
#pragma once

#include <initializer_list>
#include <utility>
#include <vector>

#include "engine/base/assert.h"
#include "engine/storage/postgres/parameters.h"

namespace fermata::postgres {

// The columns of one query, filled row by row.
class Table {
 public:
  explicit Table(std::initializer_list<Type> types) : columns_(types.begin(), types.end()) {}

  template <class... Values>
  void Add(const Values&... values) {
    FERMATA_ASSERT(sizeof...(values) == columns_.size());
    std::size_t column = 0;
    (columns_[column++].Add(values), ...);
  }

  // The server keeps its plan: the same text comes with every commit.
  Query Finish(const char* sql) && {
    Query query{sql, {}, true};
    for (Column& column : columns_) query.parameters.push_back(std::move(column).Finish());
    return query;
  }

 private:
  std::vector<Column> columns_;
};

// Appends queries, none for no rows.
class QueryList {
 public:
  explicit QueryList(std::vector<Query>& queries) : queries_(queries) {}

  template <class Rows, class Fill>
  void Add(const char* sql, std::initializer_list<Type> types, const Rows& rows, Fill fill) {
    if (rows.empty()) return;
    Table table(types);
    for (const auto& row : rows) fill(table, row);
    queries_.push_back(std::move(table).Finish(sql));
  }

 private:
  std::vector<Query>& queries_;
};

}  // namespace fermata::postgres
