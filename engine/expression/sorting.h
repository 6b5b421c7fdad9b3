// The sort behind sort() and sortBy().
#pragma once

#include <vector>

#include "engine/model/value.h"

namespace fermata {

class Evaluation;

// `items` in the order of `keys` (one each), equal ones in the order they stand in. Keys must be of one kind that has an order.
bool SortByKeys(Evaluation& evaluation, std::vector<Value> items, const std::vector<Value>& keys, Value& out);

}  // namespace fermata
