// Business errors: they go outward to the first that names them, its own name before `any`, and end what they pass, regions too.
#include "tests/unit/oracle/oracle.h"

namespace fermata::oracle {
namespace {

const char* const kChart = R"(
vars: { tries: 0 }
on_error: { hopeless: calm }
states:
  calm: { on: { a: work, b: both, d: doomed }, after: { 1d: calm } }
  work:
    on_error: { any: repair, broken: calm }
    on: { d: calm }
    states:
      draft: { on: { a: check, b: bad, c: poor } }
      check:
        on_error: { sick: draft }
        states:
          look: { on: { a: good, b: ill, c: torn } }
          ill: { fail: sick }
          torn: { fail: broken }
          good: { end: {} }
        next: [ { if: "tries < 2", set: { tries: "${tries + 1}" }, go: draft }, { go: odd } ]
      bad: { fail: broken }
      poor: { fail: sick }
      odd: { fail: strange }
  both:
    on_error: { torn-apart: work, any: [ { if: "tries > 1", set: { tries: 0 }, go: repair } ] }
    parallel:
      left:
        states:
          l1: { on: { a: l2 } }
          l2: { on: { a: l1, c: spoilt } }
          spoilt: { fail: torn-apart }
      right:
        states:
          r1: { on: { b: r2 } }
          r2:
            on_error: { burnt: r1 }
            states:
              r3: { on: { b: hot, d: cold } }
              hot: { fail: burnt }
              cold: { fail: hopeless }
    after: { 30s: repair }
  repair: { on: { a: calm, b: work, c: both } }
  doomed: { on: { a: calm, b: lost } }
  lost: { fail: for-good }
)";

struct Calm;
struct Chart : sc::state_machine<Chart, Calm> {
  explicit Chart(Track& track_in) : track(track_in) { track.vars["tries"] = 0; }
  Track& track;
};

// Raised by the `fail` states, and by `check` when it has ended.
struct Broken : sc::event<Broken> {};
struct Sick : sc::event<Sick> {};
struct Strange : sc::event<Strange> {};
struct TornApart : sc::event<TornApart> {};
struct Burnt : sc::event<Burnt> {};
struct Hopeless : sc::event<Hopeless> {};
struct Checked : sc::event<Checked> {};

struct Work;
struct Draft;
struct Check;
struct Look;
struct Both;
struct L1;
struct L2;
struct R1;
struct R2;
struct R3;
struct Repair;
struct Doomed;

// A state that fails: it is entered, and raises.
template <class Derived, class Context, class Raised>
struct Fails : Named<Derived, Context> {
  explicit Fails(typename Named<Derived, Context>::my_context context) : Named<Derived, Context>(context) {
    this->post_event(Raised());
  }
};

struct Calm : Named<Calm, Chart> {
  static constexpr const char* kName = "calm";
  explicit Calm(my_context context) : Named(context) { track().Arm(0, 86'400); }
  ~Calm() { track().Disarm(0); }
  using reactions = mpl::list<sc::transition<A, Work>, sc::transition<B, Both>, sc::transition<D, Doomed>,
                              sc::transition<Timer<0>, Calm>>;
};
struct Work : Named<Work, Chart, Draft> {
  static constexpr const char* kName = "work";
  using Named::Named;
  using reactions = mpl::list<sc::transition<D, Calm>, sc::transition<Broken, Calm>, sc::transition<Sick, Repair>,
                              sc::transition<Strange, Repair>>;
};
struct Bad : Fails<Bad, Work, Broken> {
  static constexpr const char* kName = "bad";
  using Fails::Fails;
};
struct Poor : Fails<Poor, Work, Sick> {
  static constexpr const char* kName = "poor";
  using Fails::Fails;
};
struct Odd : Fails<Odd, Work, Strange> {
  static constexpr const char* kName = "odd";
  using Fails::Fails;
};
struct Draft : Named<Draft, Work> {
  static constexpr const char* kName = "draft";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, Check>, sc::transition<B, Bad>, sc::transition<C, Poor>>;
};
struct Check : Named<Check, Work, Look> {
  static constexpr const char* kName = "check";
  using Named::Named;
  sc::result react(const Checked&) {
    if (track().vars["tries"] >= 2) return transit<Odd>();
    ++track().vars["tries"];
    return transit<Draft>();
  }
  using reactions = mpl::list<sc::transition<Sick, Draft>, sc::custom_reaction<Checked>>;
};
struct Ill : Fails<Ill, Check, Sick> {
  static constexpr const char* kName = "ill";
  using Fails::Fails;
};
struct Torn : Fails<Torn, Check, Broken> {
  static constexpr const char* kName = "torn";
  using Fails::Fails;
};
struct Good : Fails<Good, Check, Checked> {
  static constexpr const char* kName = "good";
  using Fails::Fails;
};
struct Look : Named<Look, Check> {
  static constexpr const char* kName = "look";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, Good>, sc::transition<B, Ill>, sc::transition<C, Torn>>;
};

// No event is meant for both regions, so one machine can do.
struct Both : Named<Both, Chart, mpl::list<L1, R1>> {
  static constexpr const char* kName = "both";
  explicit Both(my_context context) : Named(context) { track().Arm(1, 30); }
  ~Both() { track().Disarm(1); }
  // `any` takes it under its condition only, and then the root has a name for it.
  sc::result react(const Hopeless&) {
    if (track().vars["tries"] <= 1) return transit<Calm>();
    track().vars["tries"] = 0;
    return transit<Repair>();
  }
  using reactions =
      mpl::list<sc::transition<TornApart, Work>, sc::custom_reaction<Hopeless>, sc::transition<Timer<1>, Repair>>;
};
struct Spoilt : Fails<Spoilt, Both::orthogonal<0>, TornApart> {
  static constexpr const char* kName = "spoilt";
  using Fails::Fails;
};
struct L1 : Named<L1, Both::orthogonal<0>> {
  static constexpr const char* kName = "l1";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, L2>>;
};
struct L2 : Named<L2, Both::orthogonal<0>> {
  static constexpr const char* kName = "l2";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, L1>, sc::transition<C, Spoilt>>;
};
struct R1 : Named<R1, Both::orthogonal<1>> {
  static constexpr const char* kName = "r1";
  using Named::Named;
  using reactions = mpl::list<sc::transition<B, R2>>;
};
struct R2 : Named<R2, Both::orthogonal<1>, R3> {
  static constexpr const char* kName = "r2";
  using Named::Named;
  using reactions = mpl::list<sc::transition<Burnt, R1>>;
};
struct Hot : Fails<Hot, R2, Burnt> {
  static constexpr const char* kName = "hot";
  using Fails::Fails;
};
struct Cold : Fails<Cold, R2, Hopeless> {
  static constexpr const char* kName = "cold";
  using Fails::Fails;
};
struct R3 : Named<R3, R2> {
  static constexpr const char* kName = "r3";
  using Named::Named;
  using reactions = mpl::list<sc::transition<B, Hot>, sc::transition<D, Cold>>;
};

struct Repair : Named<Repair, Chart> {
  static constexpr const char* kName = "repair";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, Calm>, sc::transition<B, Work>, sc::transition<C, Both>>;
};
struct Doomed : Named<Doomed, Chart> {
  static constexpr const char* kName = "doomed";
  using Named::Named;
  // Nobody handles what `lost` raises.
  sc::result react(const B&) {
    track().Enter("lost");
    track().Exit("lost");
    track().finished = true;
    return terminate();
  }
  using reactions = mpl::list<sc::transition<A, Calm>, sc::custom_reaction<B>>;
};

TEST(Oracle, ErrorsGoOutwardAsTheLanguageSays) { ExpectSame<Plain<Chart, 2>>(kChart, "abcd"); }

}  // namespace
}  // namespace fermata::oracle
