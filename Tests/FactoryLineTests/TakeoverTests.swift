import Crypto
import FactoryLine
import Foundation
import MachineFaults
import Messages
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

/// A TPM changes hands, with real TPMs: the buyer's factory certifies the same keys, and nothing of the seller's birth is left.
@Suite(.timeLimit(.minutes(30))) struct TakeoverTests {
    private struct Cut: Error {}

    private func order(
        _ serial: String = "B-0001",
        over instance: InstanceID,
        following former: InstanceID? = nil,
        securityVersion: UInt64 = 3
    ) throws -> BirthOrder {
        var order = TestLine.order(serial, securityVersion: securityVersion)
        order.takesOver = Takeover(
            instance: instance,
            follows: former,
            reason: try #require(Remark("bought")),
            by: TestLine.label("bob")
        )
        return order
    }

    /// A device that a seller bore, and the buyer's station, which never heard of it.
    private func sold(
        profile: String = "p256",
        _ body: (TestLine, SoftwareDevice, _ sold: BirthRecord, _ buyer: Station) async throws -> Void
    ) async throws {
        try await TestLine.with { line in
            let buyer = try line.otherStation("buyer")
            try await line.withDevice { device in
                let born = try await line.provision(device, profile: TestLine.profile(profile))
                try await body(line, device, try #require(born.record, "\(born)"), buyer)
            }
        }
    }

    /// The value of a counter in NV.
    private func value(of counter: BornCounter, in contents: TPMContents) throws -> UInt64 {
        try #require(contents.nv[Handle(rawValue: counter.index)]).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Holds a TPM to the buyer's record, and its counters to what they were.
    private func judge(
        _ record: BirthRecord,
        _ sold: BirthRecord,
        _ before: TPMContents,
        _ device: SoftwareDevice
    ) async throws {
        #expect(record.instance == sold.instance && record.takesOver?.instance == sold.instance)
        #expect(record.iak.name == sold.iak.name && record.idevid.name == sold.idevid.name && record.ek == sold.ek)
        #expect(record.iak.certificate != sold.iak.certificate && record.idevid.certificate != sold.idevid.certificate)
        let after = try await TPMContents.of(device)
        let nv = try TestLine.profile().nv
        #expect(after.persistent == before.persistent && after.loaded == [])
        #expect(Set(after.nv.keys) == Set(before.nv.keys) && after.attributes == before.attributes)
        #expect(after.nv[nv.iakCertificate.handle] == record.iak.certificate?.bytes)
        #expect(after.nv[nv.idevidCertificate.handle] == record.idevid.certificate?.bytes)
        let tag = try BirthTag(parsing: try #require(after.nv[nv.birthTag.handle]))
        #expect(tag.instance == sold.instance && tag.serial == record.serial && tag.counters == record.counters)
        #expect(tag.takenOver == record.bornAt)
        // No grant of the seller's is bound to a value that is still to come, and the floor is the buyer's.
        let (floor, grants) = (record.counters.securityFloor, record.counters.grants)
        let latest = try value(of: sold.counters.grants, in: before)
        #expect(grants.base >= latest + UInt64(BornCounters.grantsInARow))
        #expect(try value(of: grants, in: after) == grants.base)
        #expect(try value(of: floor, in: after) - floor.base == record.bornWith.securityVersion)
        #expect(floor.base + record.bornWith.securityVersion > (try value(of: sold.counters.securityFloor, in: before)))
    }

    @Test(arguments: [1, 3, 40])
    func theSameKeysUnderAnotherCA(securityVersion: UInt64) async throws {
        try await sold { line, device, sold, buyer in
            // The seller's device has been updated and has spent grants.
            for counter in [sold.counters.grants, sold.counters.securityFloor, sold.counters.grants] {
                try await device.onTPM { tpm throws(TPMError) in
                    if let index = try tpm.nvIndex(at: Handle(rawValue: counter.index)) { try tpm.nvIncrement(index) }
                }
            }
            let before = try await TPMContents.of(device)
            #expect(try await line.provision(device, TestLine.order("B-0001"), at: buyer).text == "born-elsewhere")
            let another = try order(over: InstanceID(iakName: [1]))
            #expect(try await line.provision(device, another, at: buyer).text == "takes-over-another")
            #expect(try await TPMContents.of(device) == before)

            let mine = try order(over: sold.instance, securityVersion: securityVersion)
            let bought = try await line.provision(device, mine, at: buyer)
            #expect(bought.text == "born")
            let record = try #require(bought.record)
            try await judge(record, sold, before, device)
            #expect(try await line.provision(device, mine, at: buyer).text == "already-born")
            // At the seller's it is what it was no more.
            #expect(try await line.provision(device).text == "changed-since-birth")

            // A clear takes the counters, and the buyer's station puts its own back.
            try await device.onTPM { tpm throws(TPMError) in try tpm.clear() }
            let floor = securityVersion + 1
            let restored = try await line.provision(device, mine, at: buyer, securityFloor: floor)
            #expect(restored.text == "restored" && restored.record?.instance == sold.instance)
            #expect(try await line.provision(device, mine, at: buyer).text == "already-born")
        }
    }

    /// What a seller clears, or takes out with birthmark-device retire, is derived again.
    @Test func aTPMThatWasCleared() async throws {
        try await sold { line, device, sold, buyer in
            let before = try await TPMContents.of(device)
            try await device.onTPM { tpm throws(TPMError) in try tpm.clear() }
            let another = try order(over: InstanceID(iakName: [1]))
            #expect(try await line.provision(device, another, at: buyer).text == "takes-over-another")
            let persistent = try await TPMContents.of(device).persistent
            #expect(!persistent.values.contains { $0.contents == sold.iak.name.bytes })
            let bought = try await line.provision(device, order(over: sold.instance), at: buyer)
            try await judge(try #require(bought.record, "\(bought)"), sold, before, device)
        }
    }

    /// Whose counters they are nobody knows without a tag.
    @Test func countersWithoutATagAreNotTakenOver() async throws {
        try await sold { line, device, sold, buyer in
            let tag = try TestLine.profile().nv.birthTag.handle
            try await device.onTPM { tpm throws(TPMError) in
                if let index = try tpm.nvIndex(at: tag) { try tpm.nvUndefineSpace(index) }
            }
            #expect(try await line.provision(device, order(over: sold.instance), at: buyer).text == "index-taken")
        }
    }

    /// Nor those at the buyer's places that the tag does not name.
    @Test func countersBesideTheTagAreNotTakenOver() async throws {
        try await TestLine.with { line in
            let buyer = try line.otherStation("buyer")
            try await line.withDevice { device in
                let elsewhere = String(decoding: try TestLine.profileBytes(), as: UTF8.self)
                    .replacing("0x01D10240", with: "0x01D10250")
                let sold = try await line.provision(
                    device,
                    profile: ProvisioningProfile(parsing: Array(elsewhere.utf8))
                )
                let instance = try #require(sold.record).instance
                let place = try TestLine.profile().nv.securityFloor.handle
                let attributes = try await TPMContents.of(device).attributes[Handle(rawValue: 0x01D1_0250)]
                let counter = try #require(attributes.map { TPMANV(rawValue: $0) }).subtracting(.written)
                try await device.onTPM { tpm throws(TPMError) in
                    let area = TPMSNVPublic(nvIndex: place, nameAlg: .sha256, attributes: counter, dataSize: 8)
                    try tpm.nvIncrement(try tpm.nvDefineSpace(area))
                }
                #expect(try await line.provision(device, order(over: instance), at: buyer).text == "index-taken")
            }
        }
    }

    /// A tag may say anything: it has nothing removed that no birth has left.
    @Test func aTagCannotHaveOthersRemoved() async throws {
        try await sold { line, device, sold, buyer in
            let others = Handle(rawValue: 0x01C9_0300)
            let place = try TestLine.profile().nv.birthTag.handle
            var tag = try BirthTag(parsing: try #require(try await TPMContents.of(device).nv[place]))
            tag.certificates = [others.rawValue]
            let forged = try CanonicalJSON.encode(tag)
            try await device.onTPM { tpm throws(TPMError) in
                if let index = try tpm.nvIndex(at: place) { try tpm.nvUndefineSpace(index) }
                for (handle, contents) in [(others, [UInt8](repeating: 7, count: 4)), (place, forged)] {
                    let area = TPMSNVPublic(
                        nvIndex: handle,
                        nameAlg: .sha256,
                        attributes: [.ownerRead, .authRead, .ownerWrite, .noDA],
                        dataSize: UInt16(clamping: contents.count)
                    )
                    try tpm.nvWrite(contents, to: try tpm.nvDefineSpace(area), as: .owner)
                }
            }
            let before = try await TPMContents.of(device)
            #expect(try await line.provision(device, order(over: sold.instance), at: buyer).text == "index-taken")
            #expect(try await TPMContents.of(device) == before)
        }
    }

    /// Keys of another layout move to the buyer's places.
    @Test func anotherProfilesPlacesAreGivenBack() async throws {
        try await TestLine.with { line in
            let buyer = try line.otherStation("buyer")
            try await line.withDevice { device in
                let text = String(decoding: try TestLine.profileBytes(), as: UTF8.self)
                    .replacing("0x81020001", with: "0x81020011").replacing("0x81020000", with: "0x81020010")
                    .replacing("0x01C90100", with: "0x01C90110").replacing("0x01D10240", with: "0x01D10250")
                    .replacing("0x01D10241", with: "0x01D10251")
                let profile = try ProvisioningProfile(parsing: Array(text.utf8))
                let sold = try #require(try await line.provision(device, profile: profile).record)
                let before = try await TPMContents.of(device)
                let bought = try await line.provision(device, order(over: sold.instance), at: buyer)
                let record = try #require(bought.record, "\(bought)")
                let after = try await TPMContents.of(device)
                #expect(Set(after.persistent.keys.map(\.rawValue)) == [0x8101_000A, 0x8102_0000, 0x8102_0001])
                #expect(Set(after.persistent.values) == Set(before.persistent.values))
                #expect(after.nv.count == before.nv.count)
                #expect(record.counters.grants.base >= sold.counters.grants.base + 8)
                #expect(record.iak.name == sold.iak.name)
            }
        }
    }

    /// A device in a second life: its keys are known only with what it followed.
    @Test func theSecondLifeOfATPMIsTakenOverWithItsRecord() async throws {
        try await TestLine.with { line in
            let (seller, buyer) = (try line.otherStation("seller"), try line.otherStation("buyer"))
            try await line.withDevice { device in
                let first = InstanceID(iakName: [1])
                var second = TestLine.order("GW-0002")
                second.follows = Replacement(
                    instance: first,
                    reason: try #require(Remark("refurbished")),
                    by: TestLine.label("bob")
                )
                let sold = try #require(try await line.provision(device, second, at: seller).record)
                let before = try await TPMContents.of(device)
                let blind = try await line.provision(device, order(over: sold.instance), at: buyer)
                #expect(blind.text == "takes-over-another")
                let mine = try order(over: sold.instance, following: first)
                let record = try #require(try await line.provision(device, mine, at: buyer).record)
                #expect(record.takesOver?.follows == first && record.follows == nil)
                try await judge(record, sold, before, device)
                // Sold on, in the same words.
                let third = try line.otherStation("third")
                let next = try await line.provision(
                    device,
                    order("C-1", over: sold.instance, following: first),
                    at: third
                )
                #expect(next.record?.instance == sold.instance)
            }
        }
    }

    /// Its own factory takes nothing over from itself.
    @Test func theSellersStationIsNoBuyer() async throws {
        try await sold { line, device, sold, _ in
            let before = try await TPMContents.of(device)
            let sameNumber = try await line.provision(device, order("GW-0001", over: sold.instance))
            #expect(sameNumber.text == "order-differs")
            #expect(try await line.provision(device, order("GW-0002", over: sold.instance)).text == "born-as-another")
            #expect(try await TPMContents.of(device) == before)
            #expect(try await line.provision(device).text == "already-born")
        }
    }

    /// The seller had set authorization values: they come along, and go.
    @Test func theSellersAuthorizationValuesEnd() async throws {
        try await TestLine.with { line in
            let (key, buyer) = (P256.KeyAgreement.PrivateKey(), try line.otherStation("buyer"))
            for station in [line.station, buyer] { try station.keep(escrowKey: key.publicKey) }
            func escrow(_ station: Station, _ serial: String) throws -> AuthorizationValues {
                let path = station.directory.path + "/escrows/\(serial).json"
                return try Escrow(parsing: [UInt8](Data(contentsOf: URL(filePath: path)))).open(with: key)
            }
            let owned = try TestLine.profile("p256-owned")
            try await line.withDevice { device in
                let sold = try #require(try await line.provision(device, profile: owned).record)
                let before = try await TPMContents.of(device)
                let values = try escrow(line.station, "GW-0001")
                let mine = try order(over: sold.instance)
                #expect(try await line.provision(device, mine, at: buyer).text == "hierarchy-owned")
                var wrong = values
                wrong.owner = values.endorsement
                let refused = try await line.provision(device, mine, at: buyer, formerValues: wrong)
                #expect(refused.text == "hierarchy-owned")
                let another = try order(over: InstanceID(iakName: [1]))
                let stranger = try await line.provision(device, another, at: buyer, formerValues: values)
                #expect(stranger.text == "takes-over-another")
                #expect(try await TPMContents.of(device) == before)

                await #expect(throws: Cut.self) {
                    _ = try await line.provision(device, mine, profile: owned, at: buyer, formerValues: values) {
                        if $0 == .sign { throw Cut() }
                    }
                }
                let bought = try await line.provision(device, mine, profile: owned, at: buyer, formerValues: values)
                try await judge(try #require(bought.record, "\(bought)"), sold, before, device)
                let own = try escrow(buyer, "B-0001")
                #expect(own.owner != nil && own.owner != values.owner && own.lockout != values.lockout)
                let attributes = try await device.onTPM { tpm throws(TPMError) in try tpm.permanentAttributes() }
                #expect(attributes.isSuperset(of: [.ownerAuthSet, .endorsementAuthSet, .lockoutAuthSet]))
                // And the next owner's profile may set none.
                let third = try line.otherStation("third")
                let next = try order("C-1", over: sold.instance)
                #expect(try await line.provision(device, next, at: third, formerValues: own).text == "born")
                let free = try await device.onTPM { tpm throws(TPMError) in try tpm.permanentAttributes() }
                #expect(free.isDisjoint(with: [.ownerAuthSet, .endorsementAuthSet, .lockoutAuthSet]))
            }
        }
    }

    /// Cut at every step in turn, one after the other, on one device, with and without its power.
    @Test(arguments: [false, true]) func cutAgainAndAgain(losingPower: Bool) async throws {
        try await sold { line, device, sold, buyer in
            let before = try await TPMContents.of(device)
            let mine = try order(over: sold.instance)
            for step in BirthStep.allCases {
                do {
                    _ = try await line.provision(device, mine, at: buyer) { if $0 == step { throw Cut() } }
                    #expect([.proveResidency, .certify].contains(step))
                } catch is Cut {}
                // More than two would lock it out: each time the attestation key was in use.
                if losingPower { try await device.powerCycle(orderly: ![.defineCounters, .lock].contains(step)) }
            }
            let bought = try await line.provision(device, mine, at: buyer)
            try await judge(try #require(bought.record, "\(bought)"), sold, before, device)
            #expect(try line.births(at: buyer).count == 1)
        }
    }

    /// The program is killed at moments between the first command and the last, each time on another device.
    @Test func aTakeoverThatIsKilledIsFinished() async throws {
        try await TestLine.with { line in
            let faults = try await MachineFaults(in: line.directory)
            let file = line.directory + "/moments"
            try await struck(line, "whole", faults.noting(in: file)) { $0.status == 0 }
            let moments = try NotedMoments(readingFrom: file).moments
            try #require(moments.count > 100)
            let pace = KillMatrixTests.isWhole ? 1 : 31
            var waiting = stride(from: 1, through: moments.count, by: pace).makeIterator()
            try await withThrowingTaskGroup(of: Void.self) { group in
                func beginNext() {
                    guard let number = waiting.next() else { return }
                    group.addTask { try await struck(line, "m\(number)", faults.killing(at: number)) { $0.killed } }
                }
                for _ in 0..<3 { beginNext() }
                while try await group.next() != nil { beginNext() }
            }
        }
    }

    private func struck(
        _ line: TestLine,
        _ name: String,
        _ fault: [String: String],
        _ ended: (FactoryProcess.Ended) -> Bool
    ) async throws {
        let buyer = try line.otherStation("buyer-\(name)")
        try await line.withDevice(name) { device in
            let sold = try #require(try await line.provision(device, TestLine.order("GW-\(name)")).record)
            let before = try await TPMContents.of(device)
            let arguments =
                FactoryProcess.provision(buyer, device, serial: "B-0001") + ["--takes-over", sold.instance.text]
                + ["--takes-over-because", "bought", "--by", "bob", "--json"]
            let first = try await FactoryProcess.run(arguments, environment: fault)
            #expect(ended(first), "\(name): \(first)")
            let resumed = try await FactoryProcess.run(arguments)
            #expect(resumed.status == 0, "\(name): \(resumed)")
            let births = try line.births(at: buyer)
            #expect(births.count == 1)
            let envelope = try SignedEnvelope(parsing: try #require(births["B-0001.json"]))
            try await judge(try BirthRecord(parsing: envelope.payload.bytes), sold, before, device)
        }
    }

    /// What the program is given, and what it takes for a mistake.
    @Test func theOptionsOfTheProgram() async throws {
        try await sold { line, device, sold, buyer in
            let own = FactoryProcess.provision(buyer, device, serial: "B-0001") + ["--json"]
            let named = ["--takes-over", sold.instance.text, "--takes-over-because", "bought", "--by", "bob"]
            for wrong in [
                Array(named.prefix(4)), Array(named.dropFirst(2)), ["--takes-over", "x"] + named.dropFirst(2),
                ["--takes-over-record", "x"], ["--by", "bob"], named + ["--follows", sold.instance.text],
            ] {
                #expect(try await FactoryProcess.run(own + wrong).status == 2, "\(wrong)")
            }
            let file = line.station.birthFile(of: sold.serial)
            let another = ["--takes-over", "00000000000000000000000000000000"] + named.dropFirst(2)
            let refused = try await FactoryProcess.run(own + another + ["--takes-over-record", file])
            #expect(refused.status == 1 && refused.output.contains("takes-over-another"), "\(refused)")
            let unreadable = try await FactoryProcess.run(own + named + ["--takes-over-record", "/etc/hostname"])
            #expect(unreadable.status == 2, "\(unreadable)")
            let bought = try await FactoryProcess.run(own + named + ["--takes-over-record", file])
            #expect(bought.status == 0, "\(bought)")
            let path = buyer.birthFile(of: TestLine.label("B-0001"))
            let envelope = try SignedEnvelope(parsing: [UInt8](Data(contentsOf: URL(filePath: path))))
            let record = try BirthRecord(parsing: envelope.payload.bytes)
            #expect(record.takesOver?.record == ContentDigest(of: try CanonicalJSON.encode(sold)))
        }
    }
}
