import FactoryLine
import Foundation
import Messages
import TPMWire
import Testing

@Suite struct ProfileTests {
    @Test(arguments: ["p256", "rsa2048"]) func shippedProfilesAreRead(_ name: String) throws {
        let profile = try TestLine.profile(name)
        #expect(profile.name.text == name)
        #expect(profile.keys.iakHandle.handle == Handle(rawValue: 0x8102_0001))
        #expect(profile.nv.birthTag.handle.rawValue == BirthTag.defaultIndex)
        #expect(profile.selection.pcrs == Array(0...9))
    }

    @Test(arguments: [
        ("\"formatVersion\": 1", "\"formatVersion\": 2"),
        ("\"template\": \"L-2\"", "\"template\": \"L-9\""),
        ("\"template\": \"H-2\"", "\"template\": \"H-9\""),
        ("\"eccUniqueY\": \"empty\"", "\"eccUniqueY\": \"full\""),
        ("0x81020001", "0x81820001"),
        ("0x81020001", "0x81020000"),
        ("0x81020001", "81020001"),
        ("0x81020001", "0x8102000g"),
        ("0x01D10240", "0x81020001"),
        ("0x01D10240", "0x01D10241"),
        ("\"eccUniqueY\": \"empty\",", ""),
        ("\"eccUniqueY\"", "\"eccUniquey\""),
        ("[0, 1, 2,", "[1, 0, 2,"),
        ("[0, 1, 2,", "[0, 0, 2,"),
        (" 9]", " 24]"),
        ("\"name\": \"p256\"", "\"name\": \"../p256\""),
        ("\"nv\": {", "\"nv\": { \"extra\": 1,"),
        ("{", ""),
    ])
    func aProfileThatMeansNothingIsRefused(_ old: String, _ new: String) throws {
        let text = String(decoding: try TestLine.profileBytes(), as: UTF8.self)
        let range = try #require(text.range(of: old))
        let changed = text.replacingCharacters(in: range, with: new)
        #expect(throws: MessageError.self) { try ProvisioningProfile(parsing: Array(changed.utf8)) }
    }

    @Test func anEndlessProfileIsNotRead() {
        let bytes = [UInt8](repeating: 0x20, count: ProvisioningProfile.maximumSize + 1)
        #expect(throws: MessageError.self) { try ProvisioningProfile(parsing: bytes) }
    }
}
