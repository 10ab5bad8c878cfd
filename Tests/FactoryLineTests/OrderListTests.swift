import FactoryLine
import Messages
import Testing

@Suite struct OrderListTests {
    private var defaults: LineEntry {
        var entry = LineEntry()
        entry.model = TestLine.label("gw-100")
        entry.hardwareRevision = TestLine.label("B")
        entry.environment = TestLine.label("production")
        entry.package = TestLine.label("gateway-os")
        entry.packageVersion = TestLine.label("2.4.0")
        entry.securityVersion = 3
        entry.profile = "p256.json"
        return entry
    }

    private func read(_ text: String) throws(MessageError) -> [LineDevice] {
        try OrderList(parsing: Array(text.utf8), defaults: defaults).devices
    }

    private func fault(_ text: String) -> String? {
        do {
            _ = try read(text)
            return nil
        } catch { return error.detail }
    }

    @Test func aTableAndJSONSayTheSame() throws {
        let table = """
            \u{FEFF}serial,tcti,model,tier,securityVersion,eventLog\r
            GW-1,device:/dev/tpmrm0,,vtpm,,\r
            GW-2,"swtpm:path=/a,b",gw-200,tpm,4,"boot ""2"".log"\r
            \r

            """
        let json = """
            {"formatVersion":1,"defaults":{"tier":"vtpm"},"devices":[
              {"serial":"GW-1","tcti":"device:/dev/tpmrm0"},
              {"serial":"GW-2","tcti":"swtpm:path=/a,b","model":"gw-200","tier":"tpm","securityVersion":4,"eventLog":"boot \\"2\\".log"}
            ]}
            """
        let devices = try read(table)
        #expect(try read(json) == devices)
        #expect(devices.map(\.order.serial.text) == ["GW-1", "GW-2"])
        #expect(devices.map(\.order.model.text) == ["gw-100", "gw-200"])
        #expect(devices.map(\.order.tier) == [.vtpm, .tpm])
        #expect(devices.map(\.order.bornWith.securityVersion) == [3, 4])
        #expect(devices[1].tcti == "swtpm:path=/a,b")
        #expect(devices[1].eventLog == "boot \"2\".log")
        #expect(devices[0].eventLog == nil)
    }

    @Test(arguments: [
        ("", "the table is empty"), ("serial,tcti\n", "0 devices"), ("serial,tcti\nGW-1\n", "line 2: 1 fields"),
        ("serial,colour\nGW-1,red\n", "\"colour\" in the first line is no part of a device"),
        ("serial,tcti,serial\nGW-1,a,GW-2\n", "\"serial\" stands twice in the first line"),
        ("serial,tcti\nGW-1,a\n\nGW-1,b\n", "device 2: the serial GW-1 stands twice"),
        ("serial,tcti\nGW-1,a\nGW-2,a\n", "device 2: the TPM a stands twice"),
        ("serial\nGW-1\n", "device 1: \"tcti\" is missing"), ("tcti\na\n", "device 1: \"serial\" is missing"),
        ("serial,tcti,tier\nGW-1,a,compensated\n", "no TPM is not born here"),
        ("serial,tcti,tier\nGW-1,a,gold\n", "line 2: tier cannot be \"gold\""),
        ("serial,tcti,securityVersion\nGW-1,a,-1\n", "line 2: securityVersion cannot be"),
        ("serial,tcti\nGW-1,\"a\n", "does not end"), ("serial,tcti\nGW-1,\"a\"b\n", "something follows a quoted field"),
        ("serial,tcti\nGW-1,a\"b\n", "a quote inside a field"),
        (#"{"formatVersion":2,"devices":[{"serial":"GW-1","tcti":"a"}]}"#, "only 1 is known"),
        (#"{"formatVersion":1,"devices":[{"serial":"GW-1","tcti":"a","color":1}]}"#, "color"),
        (#"{"formatVersion":1,"devices":[]}"#, "0 devices"), (#"{"formatVersion":1"#, "JSON"),
    ])
    func whatIsNoOrderListIsNamed(text: String, says: String) {
        #expect(fault(text)?.contains(says) == true, "\(fault(text) ?? "accepted")")
    }

    @Test(arguments: [
        "../../etc/passwd", "GW 1", "\u{202E}10-WG", "-GW", "<b>", "a\nb", String(repeating: "x", count: 65),
    ])
    func attack50_hostileSerialsInAnOrderList(_ serial: String) {
        #expect(fault("serial,tcti\n\"\(serial)\",a\n")?.contains("serial cannot be") == true)
    }

    @Test func bytesThatAreNoTextAreRefused() {
        #expect(throws: MessageError.self) {
            try OrderList(parsing: Array("serial\n".utf8) + [0xFF], defaults: defaults)
        }
        let large = [UInt8](repeating: 0x20, count: OrderList.maximumSize + 1)
        #expect(throws: MessageError.self) { try OrderList(parsing: large, defaults: defaults) }
    }
}
