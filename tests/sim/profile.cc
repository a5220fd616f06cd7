#include "tests/sim/profile.h"

#include "tests/sim/chance.h"

namespace trawl::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Mostly short, now and then long.
Duration bound(Chance& chance, Duration usual, Duration rare) {
  return chance.one_in(5) ? chance.between(usual, rare) : chance.between(Duration{1}, usual);
}

// The lease outlasts the slowest answer to a heartbeat several times: what is shorter could not
// work anywhere.
Duration make_lease(Chance& chance, const Profile& profile) {
  const Duration answer = 2 * profile.link_delay_max + 3 * profile.commit_delay_max;
  return 12 * answer + seconds(1) + bound(chance, seconds(10), seconds(60));
}

void draw_cluster_faults(Chance& chance, Profile& profile) {
  profile.is_cluster = true;
  profile.worker_count = chance.between(1, 4);
  profile.reorders = !chance.one_in(3);
  profile.lose_one_in = chance.one_in(2) ? 0 : chance.between(5, 50);
  profile.clock_skew_max = chance.one_in(2) ? 0 : 0.02;
  profile.cuts_network = !chance.one_in(3);
  profile.options.lease = make_lease(chance, profile);
  profile.trouble_max = bound(chance, profile.options.lease, 3 * profile.options.lease);
}

// A small world, since its coordinator reads its journal as often as it writes to it.
void be_killed_at_every_record(Chance& chance, Profile& profile) {
  profile.crashes_at_every_record = true;
  profile.fault_count = 0;
  profile.lose_one_in = 0;
  profile.coordinator_down_max = milliseconds(500);
  profile.reconnect_delay_max = milliseconds(200);
  profile.job_count = chance.between(1, 2);
  profile.trial_count_max = 5;
  profile.options.lease = seconds(3600);
}

}  // namespace

Profile profile_of(std::uint64_t seed, Torture torture) {
  Chance chance(seed, Purpose::kProfile);
  Profile profile;
  profile.worker_count = chance.one_in(2) ? 1 : chance.between(2, 4);
  profile.slot_count_max = chance.one_in(4) ? 1 : chance.between(2, 6);
  profile.options.stop_grace = bound(chance, seconds(2), seconds(15));
  profile.options.lost_attempts_max = static_cast<std::int32_t>(chance.between(1, 5));
  profile.options.short_trial = std::chrono::seconds(5);  // so that many worlds have successors
  profile.options.lost_in_company_max = static_cast<std::int32_t>(chance.between(1, 4));

  profile.link_delay_max = bound(chance, milliseconds(20), seconds(2));
  profile.commit_delay_max = bound(chance, milliseconds(10), seconds(1));
  profile.spool_delay_max = bound(chance, milliseconds(10), seconds(1));
  profile.spawn_delay_max = bound(chance, milliseconds(50), seconds(20));
  profile.suggest_delay_max = bound(chance, milliseconds(50), seconds(5));
  profile.reconnect_delay_max = milliseconds(20) + bound(chance, milliseconds(500), seconds(10));
  profile.coordinator_down_max = bound(chance, seconds(1), seconds(60));
  profile.worker_down_max = bound(chance, seconds(1), seconds(60));
  profile.run_time_max = seconds(1) + bound(chance, seconds(20), seconds(120));

  profile.repeat_one_in = chance.one_in(2) ? 0 : chance.between(2, 20);
  profile.job_count = chance.between(1, 5);
  profile.submit_interval_max = bound(chance, seconds(10), seconds(60));
  profile.cancel_count = chance.one_in(2) ? 0 : chance.between(1, 6);

  profile.fault_count = chance.one_in(5) ? 0 : chance.between(1, 20);
  profile.fault_interval_max = bound(chance, seconds(15), seconds(60));
  profile.breaks_links = !chance.one_in(3);
  profile.crashes_workers = !chance.one_in(3);
  profile.crashes_coordinator = !chance.one_in(3);
  profile.crashes_agents = chance.one_in(2);
  profile.freezes = chance.one_in(3);
  profile.stalls_disks = chance.one_in(3);
  profile.trial_count_max = 12;
  profile.trouble_max = bound(chance, seconds(10), seconds(60));
  if (chance.one_in(2)) draw_cluster_faults(chance, profile);
  if (torture == Torture::kEveryRecord) be_killed_at_every_record(chance, profile);
  return profile;
}

Duration stop_time_max(const Profile& profile) {
  // A hello and the stop cross the link; the stop waits for the commit under way and for its own;
  // an attempt that is being started is killed once it has started.
  const Duration answer = 2 * profile.link_delay_max + 3 * profile.commit_delay_max;
  // A hello whose answer is that slow is said once more, and then a third time twice as late.
  constexpr Duration kHelloWait = seconds(5);
  const Duration hellos = answer < kHelloWait ? Duration{} : 3 * kHelloWait;
  return hellos + answer + profile.spawn_delay_max + profile.options.stop_grace +
         4 * kKernelDelayMax;
}

}  // namespace trawl::sim
