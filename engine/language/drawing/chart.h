// A process as a picture has it, before anybody has decided where things stand: shapes, lines between them, and what is written on both.
// What DOT, Mermaid and SVG are made of.
//
// Pure and thread-safe; plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/definition.h"

namespace fermata {

enum class ChartKind {
  kCall,
  kAsk,
  kRun,
  kEmit,
  kWait,
  kChoice,
  kRollback,
  kEnd,
  kFail,
  kEach,
  kParallel,
  kComposite,
  kRegion,
  kStart,     // the dot that a container is entered through
  kAnywhere,  // where the transitions of a container begin that lead to its own states
};
// "call", "ask" …: the word in ids and classes.
std::string_view KindName(ChartKind kind);

// What makes a transition happen. kStart leads from a container's dot to the state that it starts with.
enum class ChartCause { kNext, kIf, kEvent, kTimer, kError, kStart };
std::string_view CauseName(ChartCause cause);

// What became of it between two versions.
enum class ChartMark { kSame, kAdded, kRemoved, kChanged };
std::string_view MarkName(ChartMark mark);  // "" for kSame

// Which states and transitions are drawn where and how follows from their order, which is that of the document.
struct ChartState {
  std::string id;  // unique in the chart: "state-hold", "region-both-left", "start-both", "anywhere-both"
  ChartKind kind = ChartKind::kCall;
  std::string name;  // a state's or region's; "" for dots
  std::string title;
  std::string work;  // what it does, in a line: "bank.authorise", "each ${input.items}", "join: first"
  std::string undo;  // the operation that takes it back
  // Transitions that do not leave the state: "code-entered".
  struct Internal {
    std::string id;
    ChartCause cause = ChartCause::kEvent;
    std::string text;
    ChartMark mark = ChartMark::kSame;
  };
  std::vector<Internal> internals;
  std::string description;  // whole sentences, for those who cannot see it
  int parent = -1;          // of the container, an index in Chart::states; -1 = the process
  bool atomic = false;
  bool active = false;
  ChartMark mark = ChartMark::kSame;

  bool is_container() const {
    return kind == ChartKind::kEach || kind == ChartKind::kParallel || kind == ChartKind::kComposite ||
           kind == ChartKind::kRegion;
  }
};

struct ChartTransition {
  std::string id;  // unique in the chart: "transition-hold-declined-choose"
  int from = 0, to = 0;
  ChartCause cause = ChartCause::kNext;
  std::string trigger;    // "payment-abandoned", "30m", "declined"; empty for kNext and kIf
  std::string condition;  // the `if` as written, "else" where others were asked first, or ""
  std::string description;
  ChartMark mark = ChartMark::kSame;
};

struct Chart {
  std::string process, version, title;
  std::vector<ChartState> states;  // a container before what is inside
  std::vector<ChartTransition> transitions;
};

// `active`: names of states that are to be lit up, with the containers around them.
Chart BuildChart(const Definition& definition, const std::vector<std::string>& active = {});

// Whether `inner` is inside of `outer` (-1 = the process), at any depth.
bool IsWithin(const Chart& chart, int inner, int outer);

}  // namespace fermata
