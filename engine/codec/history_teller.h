// What happened to an instance, in words that people read.
//
// Not thread-safe; one teller an instance.
#pragma once

#include <memory>
#include <string>

#include "engine/model/journal_event.h"

namespace fermata {

class HistoryTeller {
 public:
  HistoryTeller();
  ~HistoryTeller();

  // "calls bank.authorise {"amount":5}"; empty for what only the engine needs to know. Tell it the events in their order: it remembers what their
  // numbers stand for, and says the number where it was not told.
  std::string Tell(const JournalEvent& event);

 private:
  class Words;
  std::unique_ptr<Words> words_;
};

}  // namespace fermata
