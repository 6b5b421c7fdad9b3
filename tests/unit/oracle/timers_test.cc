// Timers: armed by entry, gone with the exit, spent where they leave nothing, in document order at one instant; guards and choices.
#include "tests/unit/oracle/oracle.h"

namespace fermata::oracle {
namespace {

const char* const kChart = R"(
vars: { n: 0, late: 0 }
states:
  open:
    after: { 60s: closed }
    on: { d: choose }
    states:
      ready: { on: { a: busy }, after: { 20s: { set: { late: "${late + 1}" } }, 60s: busy } }
      busy:
        set: { n: "${n + 1}" }
        on: { b: { if: "n % 2 == 0", go: ready }, c: busy }
        after: { 20s: [ { if: "n % 3 == 0", go: ready } ], PT20S: { set: { late: "${late + 10}" } }, 30s: paused }
      paused: { on: { a: ready, b: choose } }
  choose:
    next:
      - { if: "n > 6", go: over }
      - { if: "n % 2 == 1", set: { n: "${n + 1}" }, go: open }
      - { set: { n: "${n + 3}" }, go: closed }
  closed: { on: { a: open, c: choose }, after: { 10s: choose, 5s: { set: { late: "${late + 100}" } } } }
  over: { end: {} }
)";

struct Open;
struct Chart : sc::state_machine<Chart, Open> {
  explicit Chart(Track& track_in) : track(track_in) { track.vars = {{"n", 0}, {"late", 0}}; }
  Track& track;
};

struct Ready;
struct Busy;
struct Paused;
struct Choose;
struct Closed;
struct Over;
struct Chosen : sc::event<Chosen> {};

struct Open : Named<Open, Chart, Ready> {
  static constexpr const char* kName = "open";
  explicit Open(my_context context) : Named(context) { track().Arm(0, 60); }
  ~Open() { track().Disarm(0); }
  using reactions = mpl::list<sc::transition<D, Choose>, sc::transition<Timer<0>, Closed>>;
};
struct Ready : Named<Ready, Open> {
  static constexpr const char* kName = "ready";
  explicit Ready(my_context context) : Named(context) {
    track().Arm(1, 20);
    track().Arm(2, 60);
  }
  ~Ready() {
    track().Disarm(1);
    track().Disarm(2);
  }
  void Count(const Timer<1>&) { ++track().vars["late"]; }
  using reactions = mpl::list<sc::transition<A, Busy>, sc::in_state_reaction<Timer<1>, Ready, &Ready::Count>,
                              sc::transition<Timer<2>, Busy>>;
};
struct Busy : Named<Busy, Open> {
  static constexpr const char* kName = "busy";
  explicit Busy(my_context context) : Named(context) {
    ++track().vars["n"];
    track().Arm(3, 20);
    track().Arm(4, 20);
    track().Arm(5, 30);
  }
  ~Busy() {
    for (int timer : {3, 4, 5}) track().Disarm(timer);
  }
  sc::result react(const B&) { return track().vars["n"] % 2 == 0 ? transit<Ready>() : forward_event(); }
  sc::result react(const Timer<3>&) { return track().vars["n"] % 3 == 0 ? transit<Ready>() : discard_event(); }
  void Count(const Timer<4>&) { track().vars["late"] += 10; }
  using reactions = mpl::list<sc::custom_reaction<B>, sc::transition<C, Busy>, sc::custom_reaction<Timer<3>>,
                              sc::in_state_reaction<Timer<4>, Busy, &Busy::Count>, sc::transition<Timer<5>, Paused>>;
};
struct Paused : Named<Paused, Open> {
  static constexpr const char* kName = "paused";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, Ready>, sc::transition<B, Choose>>;
};
struct Choose : Named<Choose, Chart> {
  static constexpr const char* kName = "choose";
  explicit Choose(my_context context) : Named(context) { post_event(Chosen()); }
  sc::result react(const Chosen&) {
    std::int64_t& n = track().vars["n"];
    if (n > 6) return transit<Over>();
    if (n % 2 == 1) {
      n += 1;
      return transit<Open>();
    }
    n += 3;
    return transit<Closed>();
  }
  using reactions = mpl::list<sc::custom_reaction<Chosen>>;
};
struct Closed : Named<Closed, Chart> {
  static constexpr const char* kName = "closed";
  explicit Closed(my_context context) : Named(context) {
    track().Arm(6, 10);
    track().Arm(7, 5);
  }
  ~Closed() {
    track().Disarm(6);
    track().Disarm(7);
  }
  void Count(const Timer<7>&) { track().vars["late"] += 100; }
  using reactions = mpl::list<sc::transition<A, Open>, sc::transition<C, Choose>, sc::transition<Timer<6>, Choose>,
                              sc::in_state_reaction<Timer<7>, Closed, &Closed::Count>>;
};
struct Over : Named<Over, Chart> {
  static constexpr const char* kName = "over";
  explicit Over(my_context context) : Named(context) { track().finished = true; }
};

TEST(Oracle, TimersAndGuardsAreWhatStatechartsSay) { ExpectSame<Plain<Chart, 8>>(kChart, "abcd"); }

}  // namespace
}  // namespace fermata::oracle
