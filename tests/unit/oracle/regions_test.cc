// Regions: each takes the event by itself, of conflicting transitions the inner one or the first in the document wins, `join`.
//
// A Boost machine gives an event to one region only, so each region is a machine of its own, and which of them may take
// what is written out by hand below.
#include "tests/unit/oracle/oracle.h"

namespace fermata::oracle {
namespace {

std::string ChartOf(const std::string& join) {
  return R"(
vars: { seen: 0 }
states:
  off: { on: { a: both, d: off } }
  both:
    parallel:
      left:
        start: l1
        states:
          l1: { on: { a: l2 } }
          l2: { on: { a: l1, b: l3, d: aside } }
          l3: { end: {} }
      right:
        start: r1
        states:
          r1: { on: { b: r2, c: r1 }, after: { 20s: r2 } }
          r2:
            on: { c: r5 }
            states:
              r3: { on: { b: r4, d: r2 } }
              r4: { on: { b: r3, d: off, a: off } }
          r5: { end: {} }
    join: )" +
         join + R"(
    on: { c: { set: { seen: "${seen + 1}" } }, d: off }
    after: { 60s: aside }
    next: on
  aside: { on: { a: both } }
  on: { on: { a: off, b: done, c: both } }
  done: { end: {} }
)";
}

// A region: what leaves the `parallel` is not done here but asked for in `leave`.
template <class Derived, class Start>
struct Region : sc::state_machine<Derived, Start> {
  explicit Region(Track& track_in) : track(track_in) {}
  void unconsumed_event(const sc::event_base&) { taken = false; }
  Track& track;
  bool taken = true;
  std::string leave;
};

struct L1;
struct Left : Region<Left, L1> {
  using Region::Region;
};
struct L2;
struct L3;
struct Ended : sc::event<Ended> {};
struct L1 : Named<L1, Left> {
  static constexpr const char* kName = "l1";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, L2>>;
};
struct L2 : Named<L2, Left> {
  static constexpr const char* kName = "l2";
  using Named::Named;
  sc::result react(const D&) {
    outermost_context().leave = "aside";
    return discard_event();
  }
  using reactions = mpl::list<sc::transition<A, L1>, sc::transition<B, L3>, sc::custom_reaction<D>>;
};
struct L3 : Named<L3, Left> {
  static constexpr const char* kName = "l3";
  explicit L3(my_context context) : Named(context) { post_event(Ended()); }
  using reactions = mpl::list<sc::termination<Ended>>;
};

struct R1;
struct Right : Region<Right, R1> {
  using Region::Region;
};
struct R2;
struct R3;
struct R4;
struct R5;
struct R1 : Named<R1, Right> {
  static constexpr const char* kName = "r1";
  explicit R1(my_context context) : Named(context) { track().Arm(1, 20); }
  ~R1() { track().Disarm(1); }
  using reactions = mpl::list<sc::transition<B, R2>, sc::transition<C, R1>, sc::transition<Timer<1>, R2>>;
};
struct R2 : Named<R2, Right, R3> {
  static constexpr const char* kName = "r2";
  using Named::Named;
  using reactions = mpl::list<sc::transition<C, R5>>;
};
struct R3 : Named<R3, R2> {
  static constexpr const char* kName = "r3";
  using Named::Named;
  using reactions = mpl::list<sc::transition<B, R4>, sc::transition<D, R2>>;
};
struct R4 : Named<R4, R2> {
  static constexpr const char* kName = "r4";
  using Named::Named;
  sc::result Leave() {
    outermost_context().leave = "off";
    return discard_event();
  }
  sc::result react(const D&) { return Leave(); }
  sc::result react(const A&) { return Leave(); }
  using reactions = mpl::list<sc::transition<B, R3>, sc::custom_reaction<D>, sc::custom_reaction<A>>;
};
struct R5 : Named<R5, Right> {
  static constexpr const char* kName = "r5";
  explicit R5(my_context context) : Named(context) { post_event(Ended()); }
  using reactions = mpl::list<sc::termination<Ended>>;
};

// What is around the regions.
struct Off;
struct Both;
struct Aside;
struct On;
struct GoOff : sc::event<GoOff> {};
struct GoAside : sc::event<GoAside> {};
struct Joined : sc::event<Joined> {};
struct Around : sc::state_machine<Around, Off> {
  explicit Around(Track& track_in) : track(track_in) { track.vars["seen"] = 0; }
  Track& track;
};
struct Off : Named<Off, Around> {
  static constexpr const char* kName = "off";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, Both>, sc::transition<D, Off>>;
};
struct Both : Named<Both, Around> {
  static constexpr const char* kName = "both";
  explicit Both(my_context context) : Named(context) { track().Arm(0, 60); }
  ~Both() { track().Disarm(0); }
  void See(const C&) { ++track().vars["seen"]; }
  using reactions =
      mpl::list<sc::in_state_reaction<C, Both, &Both::See>, sc::transition<D, Off>, sc::transition<Timer<0>, Aside>,
                sc::transition<GoOff, Off>, sc::transition<GoAside, Aside>, sc::transition<Joined, On>>;
};
struct Aside : Named<Aside, Around> {
  static constexpr const char* kName = "aside";
  using Named::Named;
  using reactions = mpl::list<sc::transition<A, Both>>;
};
struct On : Named<On, Around> {
  static constexpr const char* kName = "on";
  using Named::Named;
  sc::result react(const B&) {
    track().Enter("done");
    track().Exit("done");
    track().finished = true;
    return terminate();
  }
  using reactions = mpl::list<sc::transition<A, Off>, sc::custom_reaction<B>, sc::transition<C, Both>>;
};

template <int kJoin>
class Regions final : public Machine {
 public:
  ~Regions() override {
    EndRegions();
    around_.terminate();
  }
  void Start() override { around_.initiate(); }

  void Take(char event) override {
    if (!InBoth()) {
      Plain<Around, 0>::Send(around_, event);
      return BeginRegions();
    }
    const bool left = Offer(left_, event);
    if (!left_.leave.empty()) return Leave(left_.leave);
    const bool right = Offer(right_, event);
    // The right one loses against what the left one has done, not against what is outside of both.
    if (!right_.leave.empty() && !left) return Leave(right_.leave);
    right_.leave.clear();
    const bool outward = (left_lives_ && !left) || (right_lives_ && !right);
    const bool inside = left || right;
    if (outward && (event == 'c' || !inside)) Plain<Around, 0>::Send(around_, event);
    AfterRegions();
  }

  void Fire(int timer) override {
    if (timer == 0) around_.process_event(Timer<0>());
    if (timer == 1) right_.process_event(Timer<1>());
    AfterRegions();
  }

 private:
  bool InBoth() const { return around_.template state_cast<const Both*>() != nullptr; }

  template <class R>
  bool Offer(R& region, char event) {
    if (region.terminated()) return false;
    region.taken = true;
    if (event == 'a') region.process_event(A());
    if (event == 'b') region.process_event(B());
    if (event == 'c') region.process_event(C());
    if (event == 'd') region.process_event(D());
    return region.taken;
  }

  void Leave(const std::string& target) {
    EndRegions();
    if (target == "off") around_.process_event(GoOff());
    if (target == "aside") around_.process_event(GoAside());
  }

  void AfterRegions() {
    if (!InBoth()) return EndRegions();
    left_lives_ = !left_.terminated();
    right_lives_ = !right_.terminated();
    if (!left_lives_ + !right_lives_ < kJoin) return;
    EndRegions();
    around_.process_event(Joined());
  }

  void BeginRegions() {
    if (!InBoth()) return;
    left_.leave.clear();
    right_.leave.clear();
    left_.initiate();
    right_.initiate();
    left_lives_ = right_lives_ = true;
  }

  void EndRegions() {
    right_.terminate();
    left_.terminate();
    left_lives_ = right_lives_ = false;
  }

  Around around_{track};
  Left left_{track};
  Right right_{track};
  bool left_lives_ = false, right_lives_ = false;
};

TEST(Oracle, RegionsAreWhatStatechartsSay) { ExpectSame<Regions<2>>(ChartOf("all"), "abcd"); }

TEST(Oracle, TheFirstRegionEndsTheOthers) { ExpectSame<Regions<1>>(ChartOf("first"), "abcd"); }

}  // namespace
}  // namespace fermata::oracle
