// System calls, by seccomp.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "sandbox.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

namespace till::plugin_host {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif
constexpr std::uint32_t kX32 = 0x40000000;  // the same calls once more, under other numbers
// The last one this list was written with. A C library tries newer ones and has to hear that there
// are none.
constexpr std::uint32_t kNewest = SYS_futex_waitv;
constexpr std::uint32_t kSigio = 0x8901, kSigioGroup = 0x8902;  // FIOSETOWN, SIOCSPGRP

// Ends the process: nobody does this by mistake.
constexpr std::uint32_t kDeadly[] = {
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
#ifdef SYS_iopl
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#endif
    SYS_execve,
    SYS_execveat,
    SYS_kill,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_process_madvise,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_userfaultfd,
    SYS_open_by_handle_at,
    SYS_io_uring_setup,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_syslog,
    SYS_vhangup,
    SYS_quotactl,
    SYS_acct};

// An error for every plugin: Landlock does not know these, or they outlive the process.
constexpr std::uint32_t kRefused[] = {
#ifdef SYS_chmod
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_utime,
    SYS_utimes,
    SYS_futimesat,
#endif
    SYS_fchmod,
    SYS_fchmodat,
    SYS_fchown,
    SYS_fchownat,
    SYS_utimensat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    SYS_shmget,
    SYS_shmat,
    SYS_shmctl,
    SYS_msgget,
    SYS_msgsnd,
    SYS_msgrcv,
    SYS_msgctl,
    SYS_semget,
    SYS_semop,
    SYS_semctl,
    SYS_semtimedop,
    SYS_mq_open,
    SYS_mq_unlink,
    SYS_sched_setscheduler,
    SYS_sched_setparam,
    SYS_sched_setattr,
    SYS_sched_setaffinity,
    SYS_setpriority,
    SYS_ioprio_set,
    SYS_migrate_pages,
    SYS_move_pages};

// What a C library and a driver over pipes need: memory, threads, time, waiting, and files that
// Landlock has a word on. Arguments of some are looked at below.
// clang-format off
constexpr std::uint32_t kAllowed[] = {
#if defined(__x86_64__)
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_poll, SYS_select, SYS_pipe,
    SYS_dup2, SYS_epoll_create, SYS_epoll_wait, SYS_eventfd, SYS_getdents, SYS_time, SYS_pause,
    SYS_alarm, SYS_arch_prctl, SYS_getpgrp,
#endif
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
    SYS_preadv2, SYS_pwritev2, SYS_openat, SYS_openat2, SYS_close, SYS_close_range, SYS_fstat,
    SYS_newfstatat, SYS_statx, SYS_faccessat, SYS_faccessat2, SYS_readlinkat, SYS_lseek,
    SYS_getdents64, SYS_getcwd, SYS_chdir, SYS_fchdir, SYS_umask, SYS_fadvise64, SYS_statfs,
    SYS_fstatfs, SYS_ftruncate, SYS_fsync, SYS_fdatasync, SYS_flock, SYS_dup, SYS_dup3, SYS_pipe2,
    SYS_recvmsg, SYS_sendmsg, SYS_recvfrom, SYS_sendto, SYS_ppoll, SYS_pselect6, SYS_epoll_create1,
    SYS_epoll_ctl, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_eventfd2, SYS_timerfd_create,
    SYS_timerfd_settime, SYS_timerfd_gettime, SYS_brk, SYS_munmap, SYS_mprotect, SYS_mremap,
    SYS_madvise, SYS_mincore, SYS_msync, SYS_munlock, SYS_membarrier, SYS_futex, SYS_futex_waitv,
    SYS_set_robust_list, SYS_get_robust_list, SYS_set_tid_address, SYS_rseq, SYS_sched_yield,
    SYS_sched_getaffinity, SYS_sched_getparam, SYS_sched_getscheduler, SYS_sched_get_priority_max,
    SYS_sched_get_priority_min, SYS_getcpu, SYS_getpriority, SYS_rt_sigaction, SYS_rt_sigprocmask,
    SYS_rt_sigreturn, SYS_rt_sigpending, SYS_rt_sigtimedwait, SYS_rt_sigsuspend, SYS_sigaltstack,
    SYS_restart_syscall, SYS_nanosleep, SYS_clock_nanosleep, SYS_clock_gettime, SYS_clock_getres,
    SYS_gettimeofday, SYS_getitimer, SYS_setitimer, SYS_timer_create, SYS_timer_settime,
    SYS_timer_gettime, SYS_timer_getoverrun, SYS_timer_delete, SYS_times, SYS_getrusage,
    SYS_getrlimit, SYS_setrlimit, SYS_getpid, SYS_getppid, SYS_gettid, SYS_getuid, SYS_geteuid,
    SYS_getgid, SYS_getegid, SYS_getgroups, SYS_getresuid, SYS_getresgid, SYS_getpgid, SYS_getsid,
    SYS_capget, SYS_uname, SYS_sysinfo, SYS_getrandom, SYS_exit, SYS_exit_group,
};
// clang-format on

// Argument `index` of the call, its lower half: the numbers asked for here fit into it.
constexpr std::size_t argument(std::size_t index) {
  return offsetof(seccomp_data, args) + index * sizeof(std::uint64_t);
}

class Filter {
 public:
  explicit Filter(bool direct) {
    load(offsetof(seccomp_data, arch));
    jump(BPF_JEQ, kArchitecture, 1, 0);
    answer(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
    jump(BPF_JGE, kX32, 0, 1);
    answer(SECCOMP_RET_KILL_PROCESS);
    jump(BPF_JGT, kNewest, 0, 1);
    answer(SECCOMP_RET_ERRNO | ENOSYS);
    for (const auto number : kDeadly) always(number, SECCOMP_RET_KILL_PROCESS);
    for (const auto number : kRefused) always(number, kEperm);
    always(SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);  // glibc takes clone, which can be looked at
    of_itself_only();
    if (direct) {
      unless(SYS_ioctl, 1, {kSigio, kSigioGroup, TIOCSTI}, kEperm);
      answer(SECCOMP_RET_ALLOW);
      return;
    }
    only(SYS_ioctl, 1, {TCGETS, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX}, kEperm);
    only(SYS_memfd_create, 1, {MFD_CLOEXEC | MFD_ALLOW_SEALING}, kEperm);
    no_shared_memory();
    for (const auto number : kAllowed) always(number, SECCOMP_RET_ALLOW);
    always(SYS_socket, SECCOMP_RET_ERRNO | EACCES);
    answer(kEperm);
  }
  bool apply() {
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
  }

 private:
  static constexpr std::uint32_t kEperm = SECCOMP_RET_ERRNO | EPERM;

  void load(std::size_t k) {
    code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(k)));
  }
  void jump(int how, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    code_.push_back(BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | how | BPF_K), value, yes, no));
  }
  void answer(std::uint32_t action) { code_.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }
  void always(std::uint32_t number, std::uint32_t action) {
    jump(BPF_JEQ, number, 0, 1);
    answer(action);
  }
  // The argument is one of `values`: `yes`, otherwise `no`.
  void by_value(std::uint32_t number, std::size_t index,
                std::initializer_list<std::uint32_t> values, std::uint32_t yes, std::uint32_t no) {
    const auto count = static_cast<std::uint8_t>(values.size());
    jump(BPF_JEQ, number, 0, static_cast<std::uint8_t>(count + 3));
    load(argument(index));
    std::uint8_t left = count;
    for (const auto value : values) {
      jump(BPF_JEQ, value, left, 0);
      --left;
    }
    answer(no);
    answer(yes);
  }
  void only(std::uint32_t number, std::size_t index, std::initializer_list<std::uint32_t> values,
            std::uint32_t otherwise) {
    by_value(number, index, values, SECCOMP_RET_ALLOW, otherwise);
  }
  void unless(std::uint32_t number, std::size_t index, std::initializer_list<std::uint32_t> values,
              std::uint32_t action) {
    by_value(number, index, values, action, SECCOMP_RET_ALLOW);
  }

  // A thread is made, a signal sent, a limit set in this process and in no other. A descriptor can
  // be told to send a signal to anybody.
  void of_itself_only() {
    const auto self = static_cast<std::uint32_t>(getpid());
    jump(BPF_JEQ, SYS_clone, 0, 4);
    load(argument(0));
    jump(BPF_JSET, CLONE_THREAD, 1, 0);
    answer(SECCOMP_RET_KILL_PROCESS);
    answer(SECCOMP_RET_ALLOW);
    only(SYS_tgkill, 0, {self}, SECCOMP_RET_KILL_PROCESS);
    only(SYS_prlimit64, 0, {0, self}, kEperm);
    unless(SYS_fcntl, 1, {F_SETOWN, F_SETOWN_EX, F_SETSIG}, kEperm);
    only(SYS_prctl, 0, {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA, PR_GET_DUMPABLE, PR_SET_TIMERSLACK},
         kEperm);
  }

  // Pages of a shared mapping are not in the limit of data.
  void no_shared_memory() {
    jump(BPF_JEQ, SYS_mmap, 0, 8);
    load(argument(3));
    jump(BPF_JSET, MAP_SHARED, 0, 5);
    jump(BPF_JSET, MAP_ANONYMOUS, 3, 0);
    load(argument(2));
    jump(BPF_JSET, PROT_WRITE, 1, 0);
    answer(SECCOMP_RET_ALLOW);
    answer(kEperm);
    answer(SECCOMP_RET_ALLOW);
  }

  std::vector<sock_filter> code_;
};

}  // namespace

bool restrict_calls(bool direct) { return Filter(direct).apply(); }

}  // namespace till::plugin_host
