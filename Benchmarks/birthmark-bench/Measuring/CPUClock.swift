// Which module timespec belongs to depends on who was compiled first; Foundation has it in any case.
import CoreFoundation
import Glibc

/// Time that a processor spent on something: other programs of the machine hardly disturb it, unlike the time that passed.
enum CPUClock {
    /// This thread's.
    case thread
    /// That of all threads of this process, in the kernel as well.
    case process

    /// Nanoseconds since the thread or the process began.
    var now: UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(self == .thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
