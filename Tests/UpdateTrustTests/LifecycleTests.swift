import Testing

@testable import UpdateTrust

@Suite struct LifecycleTests {
    @Test func retiredIsFinal() {
        for event in Lifecycle.Event.allCases { #expect(Lifecycle.retired.after(event) == nil) }
    }

    @Test func onlyAnOperatorLeadsOutOfASuspension() {
        for event in Lifecycle.Event.allCases {
            let expected: Lifecycle? =
                switch event {
                case .reinstate: .born
                case .retire: .retired
                case .restore: .suspended
                case .evidenceAccepted, .evidenceRefused, .suspend: nil
                }
            #expect(Lifecycle.suspended.after(event) == expected)
        }
    }

    @Test(arguments: [Lifecycle.born, .trusted]) func livingInstances(lifecycle: Lifecycle) {
        #expect(lifecycle.after(.evidenceAccepted) == .trusted)
        #expect(lifecycle.after(.evidenceRefused) == .suspended)
        #expect(lifecycle.after(.suspend) == .suspended)
        #expect(lifecycle.after(.retire) == .retired)
        #expect(lifecycle.after(.reinstate) == nil)
        #expect(lifecycle.after(.restore) == .born)
    }

    @Test func trustComesFromEvidenceAlone() {
        for lifecycle in Lifecycle.allCases {
            for event in Lifecycle.Event.allCases where lifecycle.after(event) == .trusted {
                #expect(event == .evidenceAccepted)
            }
        }
    }
}
