import TPMWire

/// What other products and standards keep at places of a TPM, so that a line engineer need not look it up.
enum KnownPlaces {
    /// What belongs at a handle; nil when nothing is known of it.
    static func meaning(of handle: Handle) -> String? {
        places.first { $0.range.contains(handle.rawValue) }?.meaning
    }

    private static let places: [(range: ClosedRange<UInt32>, meaning: String)] = [
        (0x8100_0001...0x8100_0002, "storage root key (TCG provisioning guidance)"),
        (0x8100_8F00...0x8100_8F01, "attestation key as go-tpm-tools keeps it"),
        (0x8101_0001...0x8101_0001, "endorsement key L-1 (TCG)"),
        (0x8101_0002...0x8101_0002, "endorsement key of ECC as go-tpm-tools keeps it"),
        (0x8101_000A...0x8101_000A, "endorsement key L-2 (TCG)"),
        (0x8101_0016...0x8101_001E, "endorsement key of the high range (TCG)"),
        (0x8102_0000...0x8102_0000, "identity key (TCG)"),
        (0x8102_0001...0x8102_0001, "attestation key as swtpm keeps it"),
        (0x8108_0000...0x8108_0000, "attestation key in other layouts"),
        (0x01C0_0002...0x01C0_001F, "endorsement certificates, nonces and templates (TCG)"),
        (0x01C0_0100...0x01C0_01FF, "CA certificates above the endorsement certificate (TCG)"),
        (0x01C0_7F01...0x01C0_7F04, "policies of high-range endorsement keys (TCG)"),
        (0x01C0_8000...0x01C0_8000, "platform certificate"),
        (0x01C1_0000...0x01C1_0003, "attestation key certificates and templates of Google's virtual TPMs"),
        (0x01C9_0000...0x01C9_0000, "identity key's certificate in other layouts"),
        (0x01C9_0100...0x01C9_0100, "attestation key's certificate as swtpm keeps it"),
        (0x01C9_0200...0x01C9_0200, "identity key's certificate as swtpm keeps it"),
        (0x01D1_0001...0x01D1_0001, "FDO credential"),
        (0x01D1_0200...0x01D1_0224, "systemd's"),
        (0x01D1_0240...0x01D1_0242, "Birthmark's counters and tag"),
    ]
}
