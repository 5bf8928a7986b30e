// Node's tls as a peer: see run.lua for what it is asked.
const fs = require("fs");
const tls = require("tls");

const role = process.argv[2];
const options = { times: "1" };
for (const arg of process.argv.slice(3)) {
  const i = arg.indexOf("=");
  options[arg.slice(0, i)] = arg.slice(i + 1);
}

const common = { ca: fs.readFileSync(options.cafile), minVersion: "TLSv1.2" };
if (options.certificate) {
  common.cert = fs.readFileSync(options.certificate);
  common.key = fs.readFileSync(options.key);
}
if (options.alpn) common.ALPNProtocols = options.alpn.split(",");
if (options.client_auth) common.requestCert = true;
if (options.group) common.ecdhCurve = options.group;

function server() {
  let left = Number(options.times);
  const s = tls.createServer(common, (socket) => {
    let text = Buffer.alloc(0);
    let size = null;
    socket.on("error", (e) => console.log("failed", e.message));
    socket.on("data", (data) => {
      text = Buffer.concat([text, data]);
      if (size === null && text.includes(10)) {
        const end = text.indexOf(10);
        size = Number(text.subarray(0, end).toString());
        text = text.subarray(end + 1);
      }
      if (size !== null && text.length >= size) {
        socket.end(text);
        console.log("echoed", size);
        size = null;
      }
    });
    socket.on("close", () => {
      left -= 1;
      if (left === 0) s.close();
    });
  });
  s.on("tlsClientError", (e) => console.log("failed", e.message));
  s.listen(0, "127.0.0.1", () => console.log("port", s.address().port));
}

function client(data, times, session) {
  if (times === 0) return;
  let next = session;
  const back = [];
  const socket = tls.connect({ ...common, host: "127.0.0.1", port: Number(options.port), servername: "localhost",
    session }, () => socket.write(Buffer.concat([Buffer.from(`${data.length}\n`), data])));
  socket.on("session", (ticket) => { next = ticket; });
  socket.on("error", (e) => { console.log("failed", e.message); process.exit(1); });
  let size = 0;
  socket.on("data", (piece) => {
    back.push(piece);
    size += piece.length;
    if (size === data.length) {
      console.log(Buffer.concat(back).equals(data) ? "same" : "other", size);
      socket.end();
    }
  });
  socket.on("close", () => client(data, times - 1, next));
}

if (role === "server") server();
else client(fs.readFileSync(0), Number(options.times));
