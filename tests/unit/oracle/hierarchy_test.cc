// Hierarchy: the inner state first, transitions of composites, to themselves and to their own states, completion by `end`.
#include "tests/unit/oracle/oracle.h"

namespace fermata::oracle {
namespace {

const char* const kChart = R"(
vars: { n: 0 }
states:
  idle: { on: { a: work, b: idle }, after: { 1d: idle } }
  work:
    on: { b: idle, c: draft, d: work }
    states:
      draft: { on: { a: review, c: { set: { n: "${n + 1}" } } } }
      review:
        on: { b: work, a: accepted }
        states:
          first: { on: { a: second, c: first } }
          second: { on: { c: review, d: idle } }
      accepted: { end: {} }
    next: filed
  filed: { on: { a: idle, d: done } }
  done: { end: {} }
)";

struct Idle;
struct Chart : sc::state_machine<Chart, Idle> {
  explicit Chart(Track& track_in) : track(track_in) { track.vars["n"] = 0; }
  Track& track;
};

struct Work;
struct Inside;
struct Draft;
struct Review;
struct First;
struct Second;
struct Accepted;
struct Filed;
struct Finished : sc::event<Finished> {};

struct Idle : Named<Idle, Chart> {
  static constexpr const char* kName = "idle";
  explicit Idle(my_context context) : Named(context) { track().Arm(0, 86'400); }
  ~Idle() { track().Disarm(0); }
  using reactions = mpl::list<sc::transition<A, Work>, sc::transition<B, Idle>, sc::transition<Timer<0>, Idle>>;
};
struct Work : Named<Work, Chart, Inside> {
  static constexpr const char* kName = "work";
  using Named::Named;
  using reactions = mpl::list<sc::transition<B, Idle>, sc::transition<D, Work>, sc::transition<Finished, Filed>>;
};
// What a composite's transition to its own state leaves: all that is inside, but not the composite.
struct Inside : sc::simple_state<Inside, Work, Draft> {
  using reactions = mpl::list<sc::transition<C, Draft>>;
};
struct Draft : Named<Draft, Inside> {
  static constexpr const char* kName = "draft";
  using Named::Named;
  void Count(const C&) { ++track().vars["n"]; }
  using reactions = mpl::list<sc::transition<A, Review>, sc::in_state_reaction<C, Draft, &Draft::Count>>;
};
struct Review : Named<Review, Inside, First> {
  static constexpr const char* kName = "review";
  using Named::Named;
  using reactions = mpl::list<sc::transition<B, Work>, sc::transition<A, Accepted>>;
};
struct First : Named<First, Review> {
  static constexpr const char* kName = "first";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, Second>, sc::transition<C, First>>;
};
struct Second : Named<Second, Review> {
  static constexpr const char* kName = "second";
  using Named::Named;
  using reactions = mpl::list<sc::transition<C, Review>, sc::transition<D, Idle>>;
};
struct Accepted : Named<Accepted, Inside> {
  static constexpr const char* kName = "accepted";
  explicit Accepted(my_context context) : Named(context) { post_event(Finished()); }
};
struct Filed : Named<Filed, Chart> {
  static constexpr const char* kName = "filed";
  using Named::Named;
  sc::result react(const D&) {
    track().Enter("done");
    track().Exit("done");
    track().finished = true;
    return terminate();
  }
  using reactions = mpl::list<sc::transition<A, Idle>, sc::custom_reaction<D>>;
};

TEST(Oracle, HierarchyIsWhatStatechartsSay) { ExpectSame<Plain<Chart, 1>>(kChart, "abcd"); }

}  // namespace
}  // namespace fermata::oracle
