import Messages
import Testing

@testable import GatewayService

@Suite struct LinkTableTests {
    private static let table = """
        IP address       HW type     Flags       HW address            Mask     Device
        192.168.7.20     0x1         0x2         52:54:00:12:34:56     *        eth1
        192.168.7.21     0x1         0x0         00:00:00:00:00:00     *        eth1
        192.168.7.2      0x1         0x6         52:54:00:ab:cd:ef     *        eth1

        """

    @Test func completeEntriesOnly() {
        #expect(LinkTable.link(of: "192.168.7.20", in: Self.table)?.text == "52:54:00:12:34:56")
        #expect(LinkTable.link(of: "192.168.7.2", in: Self.table)?.text == "52:54:00:ab:cd:ef")
        #expect(LinkTable.link(of: "192.168.7.21", in: Self.table) == nil)
        #expect(LinkTable.link(of: "192.168.7.99", in: Self.table) == nil)
        #expect(LinkTable.link(of: "IP", in: Self.table) == nil)
        #expect(LinkTable.link(of: "192.168.7.20", in: "") == nil)
    }
}
