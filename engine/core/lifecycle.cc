#include "engine/core/lifecycle.h"

#include <array>
#include <boost/mpl/list.hpp>
#include <boost/statechart/event.hpp>
#include <boost/statechart/simple_state.hpp>
#include <boost/statechart/state_machine.hpp>
#include <boost/statechart/transition.hpp>

// The one place that knows Boost.Statechart. A machine takes 1 us and an allocation a step, so its answers are asked once and kept in a table.
namespace fermata {
namespace lifecycle {  // with a name: clang refuses events of Statechart that have no linkage

namespace sc = boost::statechart;
namespace mpl = boost::mpl;

struct Work : sc::event<Work> {};
struct Rest : sc::event<Rest> {};
struct Suspend : sc::event<Suspend> {};
struct Compensate : sc::event<Compensate> {};
struct Complete : sc::event<Complete> {};
struct Fail : sc::event<Fail> {};
struct Cancel : sc::event<Cancel> {};
struct AskCancel : sc::event<AskCancel> {};
struct Reopen : sc::event<Reopen> {};

// Restoring: from the neutral state to the stored one.
template <InstanceStatus kStatus>
struct RestoreTo : sc::event<RestoreTo<kStatus>> {};

struct Neutral;
struct Lifecycle : sc::state_machine<Lifecycle, Neutral> {
  bool refused = false;
  void unconsumed_event(const sc::event_base&) { refused = true; }
};

struct Running;
struct Waiting;
struct Suspended;
struct Compensating;
struct Completed;
struct Failed;
struct Cancelled;

template <InstanceStatus kStatus, class State>
using Restore = sc::transition<RestoreTo<kStatus>, State>;

struct Neutral : sc::simple_state<Neutral, Lifecycle> {
  using reactions =
      mpl::list<Restore<InstanceStatus::kRunning, Running>, Restore<InstanceStatus::kWaiting, Waiting>,
                Restore<InstanceStatus::kSuspended, Suspended>, Restore<InstanceStatus::kCompensating, Compensating>,
                Restore<InstanceStatus::kCompleted, Completed>, Restore<InstanceStatus::kFailed, Failed>,
                Restore<InstanceStatus::kCancelled, Cancelled>>;
};

struct Running : sc::simple_state<Running, Lifecycle> {
  using reactions =
      mpl::list<sc::transition<Work, Running>, sc::transition<Rest, Waiting>, sc::transition<Suspend, Suspended>,
                sc::transition<Compensate, Compensating>, sc::transition<Complete, Completed>,
                sc::transition<Fail, Failed>, sc::transition<Cancel, Cancelled>, sc::transition<AskCancel, Running>>;
};
struct Waiting : sc::simple_state<Waiting, Lifecycle> {
  using reactions =
      mpl::list<sc::transition<Work, Running>, sc::transition<Rest, Waiting>, sc::transition<Suspend, Suspended>,
                sc::transition<Compensate, Compensating>, sc::transition<Complete, Completed>,
                sc::transition<Fail, Failed>, sc::transition<Cancel, Cancelled>, sc::transition<AskCancel, Waiting>>;
};
// Left by `resume` (to what is then being done) or by a cancel.
struct Suspended : sc::simple_state<Suspended, Lifecycle> {
  using reactions =
      mpl::list<sc::transition<Work, Running>, sc::transition<Rest, Waiting>, sc::transition<Suspend, Suspended>,
                sc::transition<Compensate, Compensating>, sc::transition<Complete, Completed>,
                sc::transition<Fail, Failed>, sc::transition<Cancel, Cancelled>, sc::transition<AskCancel, Suspended>>;
};
// A roll-back in mid-process goes on afterwards; one at the end ends.
struct Compensating : sc::simple_state<Compensating, Lifecycle> {
  using reactions =
      mpl::list<sc::transition<Work, Running>, sc::transition<Rest, Waiting>, sc::transition<Compensate, Compensating>,
                sc::transition<Complete, Completed>, sc::transition<Fail, Failed>, sc::transition<Cancel, Cancelled>,
                sc::transition<AskCancel, Compensating>>;
};
struct Completed : sc::simple_state<Completed, Lifecycle> {
  using reactions = mpl::list<sc::transition<Reopen, Compensating>>;
};
struct Failed : sc::simple_state<Failed, Lifecycle> {};
struct Cancelled : sc::simple_state<Cancelled, Lifecycle> {
  using reactions = mpl::list<sc::transition<AskCancel, Cancelled>>;  // cancelling twice is one cancel
};

constexpr std::size_t kStatuses = 7;
constexpr std::size_t kEvents = 9;
using Table = std::array<std::array<std::optional<InstanceStatus>, kEvents>, kStatuses>;

void RestoreStatus(Lifecycle& machine, InstanceStatus status) {
  switch (status) {
    case InstanceStatus::kRunning:
      machine.process_event(RestoreTo<InstanceStatus::kRunning>());
      break;
    case InstanceStatus::kWaiting:
      machine.process_event(RestoreTo<InstanceStatus::kWaiting>());
      break;
    case InstanceStatus::kSuspended:
      machine.process_event(RestoreTo<InstanceStatus::kSuspended>());
      break;
    case InstanceStatus::kCompensating:
      machine.process_event(RestoreTo<InstanceStatus::kCompensating>());
      break;
    case InstanceStatus::kCompleted:
      machine.process_event(RestoreTo<InstanceStatus::kCompleted>());
      break;
    case InstanceStatus::kFailed:
      machine.process_event(RestoreTo<InstanceStatus::kFailed>());
      break;
    case InstanceStatus::kCancelled:
      machine.process_event(RestoreTo<InstanceStatus::kCancelled>());
      break;
  }
}

void Process(Lifecycle& machine, LifecycleEvent event) {
  switch (event) {
    case LifecycleEvent::kWork:
      machine.process_event(Work());
      break;
    case LifecycleEvent::kRest:
      machine.process_event(Rest());
      break;
    case LifecycleEvent::kSuspend:
      machine.process_event(Suspend());
      break;
    case LifecycleEvent::kCompensate:
      machine.process_event(Compensate());
      break;
    case LifecycleEvent::kComplete:
      machine.process_event(Complete());
      break;
    case LifecycleEvent::kFail:
      machine.process_event(Fail());
      break;
    case LifecycleEvent::kCancel:
      machine.process_event(Cancel());
      break;
    case LifecycleEvent::kAskCancel:
      machine.process_event(AskCancel());
      break;
    case LifecycleEvent::kReopen:
      machine.process_event(Reopen());
      break;
  }
}

InstanceStatus CurrentStatus(const Lifecycle& machine) {
  if (machine.state_cast<const Running*>() != nullptr) return InstanceStatus::kRunning;
  if (machine.state_cast<const Waiting*>() != nullptr) return InstanceStatus::kWaiting;
  if (machine.state_cast<const Suspended*>() != nullptr) return InstanceStatus::kSuspended;
  if (machine.state_cast<const Compensating*>() != nullptr) return InstanceStatus::kCompensating;
  if (machine.state_cast<const Completed*>() != nullptr) return InstanceStatus::kCompleted;
  if (machine.state_cast<const Failed*>() != nullptr) return InstanceStatus::kFailed;
  return InstanceStatus::kCancelled;
}

Table AskMachine() {
  Table table;
  for (std::size_t status = 0; status < kStatuses; ++status) {
    for (std::size_t event = 0; event < kEvents; ++event) {
      Lifecycle machine;
      machine.initiate();
      RestoreStatus(machine, static_cast<InstanceStatus>(status));
      Process(machine, static_cast<LifecycleEvent>(event));
      if (!machine.refused) table[status][event] = CurrentStatus(machine);
    }
  }
  return table;
}

}  // namespace lifecycle

std::optional<InstanceStatus> NextStatus(InstanceStatus status, LifecycleEvent event) {
  static const lifecycle::Table table = lifecycle::AskMachine();
  return table[static_cast<std::size_t>(status)][static_cast<std::size_t>(event)];
}

std::string_view RefusalReason(InstanceStatus status, LifecycleEvent event) {
  if (event == LifecycleEvent::kReopen) {
    return "Expected a completed instance, but this one is not completed.";
  }
  switch (status) {
    case InstanceStatus::kCompensating:
      return "Expected a running or waiting instance, but this one is compensating: a roll-back is not interrupted.";
    case InstanceStatus::kCompleted:
      return "Expected a live instance, but this one is completed.";
    case InstanceStatus::kFailed:
      return "Expected a live instance, but this one is failed.";
    case InstanceStatus::kCancelled:
      return "Expected a live instance, but this one is cancelled.";
    default:
      return "Expected another status of the instance.";
  }
}

}  // namespace fermata
