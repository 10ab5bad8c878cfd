/// How many births a line can have, from what one birth takes.
///
/// The bounds of operational analysis (P. J. Denning, J. P. Buzen, "The Operational Analysis of Queueing Network Models"):
/// a worker begins the next board when one is done, so N workers give at most N births in the time of one; and no
/// processor is there twice. Every board has a TPM of its own that does one command after the other, so TPMs never wait
/// for each other; a software TPM needs the station's processors as the station itself does.
struct LineModel {
    /// What one birth takes, in microseconds: of its TPM, of a processor, of waiting for the disk.
    var tpm: Double
    var processor: Double
    var waiting: Double
    var processors: Int
    var tpmIsSoftware: Bool

    /// Microseconds from the end of one birth to that of the next.
    func perBirth(workers: Int) -> Double {
        let alone = (tpm + processor + waiting) / Double(workers)
        let busy = (processor + (tpmIsSoftware ? tpm : 0)) / Double(processors)
        return max(alone, busy)
    }

    func birthsPerMinute(workers: Int) -> Double { 60_000_000 / perBirth(workers: workers) }
}
