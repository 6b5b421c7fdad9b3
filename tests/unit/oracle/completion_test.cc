// Completion: an `end` finishes its composite, whose `next` may finish the one around it, through guards and within one macrostep.
#include "tests/unit/oracle/oracle.h"

namespace fermata::oracle {
namespace {

const char* const kChart = R"(
vars: { turns: 0, done: 0 }
states:
  outer:
    set: { turns: "${turns + 1}" }
    on: { d: outer }
    states:
      middle:
        states:
          inner:
            states:
              one: { on: { a: two, b: three } }
              two: { on: { a: three, b: split } }
              split: { next: [ { if: "turns % 2 == 0", go: three }, { go: one } ] }
              three: { end: {} }
            on: { c: half }
            next: [ { if: "turns > 4", go: half }, { if: "done < 2", set: { done: "${done + 1}" }, go: inner }, { go: whole } ]
          half: { on: { a: whole, c: inner } }
          whole: { end: {} }
        next: after
      after: { on: { b: closing, c: middle } }
      closing: { set: { done: 0 }, next: [ { if: "turns > 8", go: finish }, { go: repeat } ] }
      repeat: { next: outer }
      finish: { end: {} }
    next: over
  over: { end: {} }
)";

struct Outer;
struct Chart : sc::state_machine<Chart, Outer> {
  explicit Chart(Track& track_in) : track(track_in) { track.vars = {{"turns", 0}, {"done", 0}}; }
  Track& track;
};

// What a state posts when it is done or has to choose.
template <class State>
struct Done : sc::event<Done<State>> {};

struct Middle;
struct Inner;
struct One;
struct Two;
struct Split;
struct Three;
struct Half;
struct Whole;
struct After;
struct Closing;
struct Repeat;
struct Finish;
struct Over;

struct Outer : Named<Outer, Chart, Middle> {
  static constexpr const char* kName = "outer";
  explicit Outer(my_context context) : Named(context) { ++track().vars["turns"]; }
  using reactions = mpl::list<sc::transition<D, Outer>, sc::transition<Done<Outer>, Over>>;
};
struct Middle : Named<Middle, Outer, Inner> {
  static constexpr const char* kName = "middle";
  using Named::Named;
  using reactions = mpl::list<sc::transition<Done<Middle>, After>>;
};
struct Inner : Named<Inner, Middle, One> {
  static constexpr const char* kName = "inner";
  using Named::Named;
  sc::result react(const Done<Inner>&) {
    if (track().vars["turns"] > 4) return transit<Half>();
    if (track().vars["done"] >= 2) return transit<Whole>();
    ++track().vars["done"];
    return transit<Inner>();
  }
  using reactions = mpl::list<sc::transition<C, Half>, sc::custom_reaction<Done<Inner>>>;
};
struct One : Named<One, Inner> {
  static constexpr const char* kName = "one";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, Two>, sc::transition<B, Three>>;
};
struct Two : Named<Two, Inner> {
  static constexpr const char* kName = "two";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, Three>, sc::transition<B, Split>>;
};
struct Split : Named<Split, Inner> {
  static constexpr const char* kName = "split";
  explicit Split(my_context context) : Named(context) { post_event(Done<Split>()); }
  sc::result react(const Done<Split>&) { return track().vars["turns"] % 2 == 0 ? transit<Three>() : transit<One>(); }
  using reactions = mpl::list<sc::custom_reaction<Done<Split>>>;
};
struct Three : Named<Three, Inner> {
  static constexpr const char* kName = "three";
  explicit Three(my_context context) : Named(context) { post_event(Done<Inner>()); }
};
struct Half : Named<Half, Middle> {
  static constexpr const char* kName = "half";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, Whole>, sc::transition<C, Inner>>;
};
struct Whole : Named<Whole, Middle> {
  static constexpr const char* kName = "whole";
  explicit Whole(my_context context) : Named(context) { post_event(Done<Middle>()); }
};
struct After : Named<After, Outer> {
  static constexpr const char* kName = "after";
  using Named::Named;
  using reactions = mpl::list<sc::transition<B, Closing>, sc::transition<C, Middle>>;
};
struct Closing : Named<Closing, Outer> {
  static constexpr const char* kName = "closing";
  explicit Closing(my_context context) : Named(context) {
    track().vars["done"] = 0;
    post_event(Done<Closing>());
  }
  sc::result react(const Done<Closing>&) { return track().vars["turns"] > 8 ? transit<Finish>() : transit<Repeat>(); }
  using reactions = mpl::list<sc::custom_reaction<Done<Closing>>>;
};
struct Repeat : Named<Repeat, Outer> {
  static constexpr const char* kName = "repeat";
  explicit Repeat(my_context context) : Named(context) { post_event(Done<Repeat>()); }
  using reactions = mpl::list<sc::transition<Done<Repeat>, Outer>>;
};
struct Finish : Named<Finish, Outer> {
  static constexpr const char* kName = "finish";
  explicit Finish(my_context context) : Named(context) { post_event(Done<Outer>()); }
};
struct Over : Named<Over, Chart> {
  static constexpr const char* kName = "over";
  explicit Over(my_context context) : Named(context) { track().finished = true; }
};

TEST(Oracle, CompletionIsWhatStatechartsSay) { ExpectSame<Plain<Chart, 0>>(kChart, "abcd"); }

}  // namespace
}  // namespace fermata::oracle
