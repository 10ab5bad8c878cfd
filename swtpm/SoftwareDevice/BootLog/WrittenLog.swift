public import TPMWire

extension Firmware {
    /// The event log of a boot, without a TPM that boots: what a device whose TPM has these banks would write.
    public func bootLog(banks: [AlgorithmID]) -> [UInt8] {
        let events = BootSequence(firmware: self, tamper: []).events.map { event in
            (event: event, digests: banks.compactMap { Digests.digest(event.measured, bank: $0) })
        }
        return EventLogWriter.log(of: events, banks: banks)
    }
}
