// Drives a chart in YAML and a machine written by hand with the same random events and timers, and compares what both show.
//
// A chart's events have a `keep` shorter than the second that lies between two stimuli: what nobody takes is forgotten.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/mpl/list.hpp>
#include <boost/statechart/custom_reaction.hpp>
#include <boost/statechart/event.hpp>
#include <boost/statechart/in_state_reaction.hpp>
#include <boost/statechart/simple_state.hpp>
#include <boost/statechart/state.hpp>
#include <boost/statechart/state_machine.hpp>
#include <boost/statechart/termination.hpp>
#include <boost/statechart/transition.hpp>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/core/decide.h"
#include "engine/language/load.h"

namespace fermata::oracle {

namespace sc = boost::statechart;
namespace mpl = boost::mpl;

inline constexpr std::int64_t kSecondUs = 1'000'000;
inline constexpr unsigned kSequences = 2'000;

// What a machine written by hand tells about itself.
struct Track {
  std::vector<std::string> path;             // every state entered
  std::multiset<std::string> active;         // those not left yet
  std::map<int, std::int64_t> timers;        // armed: number (in document order) to due time
  std::map<std::string, std::int64_t> vars;  // integers
  bool finished = false;
  std::int64_t now_us = 0;

  void Enter(const std::string& state) {
    path.push_back(state);
    active.insert(state);
  }
  void Exit(const std::string& state) { active.erase(active.find(state)); }
  void Arm(int timer, std::int64_t seconds) { timers[timer] = now_us + seconds * kSecondUs; }
  void Disarm(int timer) { timers.erase(timer); }
};

// A state that is entered in its constructor and left in its destructor. The machine has a member `track`.
template <class Derived, class Context, class Inner = mpl::list<>>
struct Named : sc::state<Derived, Context, Inner> {
  explicit Named(typename sc::state<Derived, Context, Inner>::my_context context)
      : sc::state<Derived, Context, Inner>(context) {
    track().Enter(Derived::kName);
  }
  ~Named() { track().Exit(Derived::kName); }
  Track& track() { return this->outermost_context().track; }
};

struct A : sc::event<A> {};
struct B : sc::event<B> {};
struct C : sc::event<C> {};
struct D : sc::event<D> {};
// Of an `after` entry, by its number in the document.
template <int kNumber>
struct Timer : sc::event<Timer<kNumber>> {};

// A machine written by hand.
class Machine {
 public:
  virtual ~Machine() = default;
  virtual void Start() = 0;
  virtual void Take(char event) = 0;
  virtual void Fire(int timer) = 0;
  Track track;
};

// The events of a plain Boost machine `M` that has a reference `track`.
template <class M, int kTimers>
class Plain final : public Machine {
 public:
  ~Plain() override { machine_.terminate(); }
  void Start() override { machine_.initiate(); }
  void Take(char event) override { Send(machine_, event); }
  void Fire(int timer) override { FireOf<kTimers>(timer); }

  static void Send(M& machine, char event) {
    if (event == 'a') machine.process_event(A());
    if (event == 'b') machine.process_event(B());
    if (event == 'c') machine.process_event(C());
    if (event == 'd') machine.process_event(D());
  }

 private:
  template <int kNumber>
  void FireOf(int timer) {
    if constexpr (kNumber > 0) {
      if (timer == kNumber - 1) return machine_.process_event(Timer<kNumber - 1>());
      FireOf<kNumber - 1>(timer);
    }
  }
  M machine_{track};
};

// The interpreter on the same chart.
class Interpreter {
 public:
  explicit Interpreter(const DefinitionPtr& definition) : definition_(*definition) {
    state_.id = InstanceId::Make(0, 1'577'836'800'000, 7, 1);
    int number = 0;
    for (const State& state : definition_.states)
      for (std::size_t slot = 0; slot < state.after.size(); ++slot)
        numbers_[{state.index, static_cast<int>(slot)}] = number++;
  }
  void Start(std::int64_t now_us) { Do(StartInstance{}, now_us); }
  void Take(char event, std::int64_t now_us) {
    DeliverEvent delivery;
    delivery.event.type = std::string(1, event);
    delivery.event.id = std::to_string(++events_);
    Do(delivery, now_us);
  }
  // Number in document order to due time.
  std::map<int, std::int64_t> Armed() const {
    std::map<int, std::int64_t> armed;
    for (const TimerView& timer : Timers(state_)) armed[NumberOf(timer.timer)] = timer.due_us;
    return armed;
  }
  void Fire(int number, std::int64_t now_us) {
    for (const TimerView& timer : Timers(state_))
      if (NumberOf(timer.timer) == number) return Do(FireTimer{timer.timer}, now_us);
  }
  const InstanceState& state() const { return state_; }
  const std::vector<std::string>& path() const { return path_; }

 private:
  void Do(const Command& command, std::int64_t now_us) {
    DecisionContext context;
    context.now_us = now_us;
    Result<Decision> decision = Decide(definition_, state_, command, context);
    ASSERT_TRUE(decision.ok()) << decision.error().message;
    for (const JournalEvent& event : decision->events)
      if (const auto* entered = std::get_if<StateEntered>(&event.body);
          entered != nullptr && entered->kind == ActivationKind::kState)
        path_.push_back(entered->state);
  }
  int NumberOf(TimerId timer) const { return numbers_.at({state_.Find(timer.activation)->index, timer.slot}); }

  const Definition& definition_;
  InstanceState state_;
  std::vector<std::string> path_;
  std::map<std::pair<int, int>, int> numbers_;
  std::int64_t events_ = 0;
};

inline std::string Joined(const auto& names) {
  std::string text;
  for (const std::string& name : names) text += name + " ";
  return text;
}

// What differs between the two now; empty if nothing does.
inline std::string Difference(const Machine& machine, const Interpreter& interpreter) {
  const InstanceState& state = interpreter.state();
  const Track& track = machine.track;
  auto differ = [](const std::string& what, const std::string& expected, const std::string& is) {
    return what + ": expected " + expected + "but there is " + is;
  };
  if (track.path != interpreter.path()) return differ("path", Joined(track.path), Joined(interpreter.path()));
  if (track.finished != IsFinal(state.status)) return differ("end", track.finished ? "it " : "none ", "the opposite");
  if (track.finished) return "";
  const std::vector<std::string> names = ActiveStates(state);
  const std::multiset<std::string> active(names.begin(), names.end());
  if (track.active != active) return differ("active states", Joined(track.active), Joined(active));
  for (const auto& [name, value] : track.vars) {
    auto found = state.variables.find(name);
    if (found == state.variables.end() || !(found->second == Value::Int(value)))
      return differ("variable " + name, std::to_string(value) + " ", "another value");
  }
  if (track.timers != interpreter.Armed())
    return differ("timers", std::to_string(track.timers.size()) + " ", std::to_string(interpreter.Armed().size()));
  return "";
}

struct Failure {
  std::string stimuli, difference;
  unsigned seed = 0;
};

// One random sequence; the stimuli up to the first difference.
template <class M>
std::optional<Failure> RunSequence(const DefinitionPtr& definition, std::string_view events, unsigned seed) {
  constexpr int kStimuli = 40;
  std::mt19937 random(seed);
  Interpreter interpreter(definition);
  M machine;
  std::int64_t now_us = 1'577'836'800 * kSecondUs;
  machine.track.now_us = now_us;
  machine.Start();
  interpreter.Start(now_us);
  std::string stimuli;
  for (int i = 0; i < kStimuli; ++i) {
    if (std::string difference = Difference(machine, interpreter); !difference.empty())
      return Failure{stimuli, difference, seed};
    if (machine.track.finished) return std::nullopt;
    now_us += kSecondUs;
    const std::map<int, std::int64_t>& timers = machine.track.timers;
    std::optional<int> due;  // the earliest; of those at one instant the first in the document
    for (const auto& [timer, due_us] : timers)
      if (!due || due_us < timers.at(*due)) due = timer;
    const bool passes_time = due && random() % 4 == 0;
    if (due && (passes_time || timers.at(*due) <= now_us)) {
      now_us = std::max(now_us, timers.at(*due));
      machine.track.now_us = now_us;
      stimuli += "t" + std::to_string(*due) + " ";
      const int timer = *due;
      machine.track.timers.erase(timer);
      machine.Fire(timer);
      interpreter.Fire(timer, now_us);
    } else {
      const char event = events[random() % events.size()];
      machine.track.now_us = now_us;
      stimuli += std::string(1, event) + " ";
      machine.Take(event);
      interpreter.Take(event, now_us);
    }
  }
  return std::nullopt;
}

// Runs thousands of sequences and reports the shortest one that shows a difference.
template <class M>
void ExpectSame(const std::string& states, std::string_view events) {
  std::string yaml = "fermata: 1\nprocess: chart\nversion: 1.0.0\nevents:\n";
  for (char event : events) yaml += std::string("  ") + event + ": { keep: 1s }\n";
  Bundle bundle;
  bundle.file = "chart.yaml";
  bundle.text = yaml + states;
  LoadOutcome loaded = LoadDefinition(bundle);
  ASSERT_NE(loaded.definition, nullptr) << FormatDiagnostics(loaded.diagnostics);
  std::optional<Failure> shortest;
  for (unsigned seed = 1; seed <= kSequences; ++seed) {
    std::optional<Failure> failure = RunSequence<M>(loaded.definition, events, seed);
    if (failure && (!shortest || failure->stimuli.size() < shortest->stimuli.size())) shortest = std::move(failure);
  }
  EXPECT_FALSE(shortest) << "seed " << shortest->seed << ", after: " << shortest->stimuli << "\n"
                         << shortest->difference;
}

}  // namespace fermata::oracle
