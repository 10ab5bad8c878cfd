import CommandLineContract

await CommandLineProgram.main(GatewayProgram.self, explain: GatewayProgram.explain)
