// rustls (with ring) as a peer: see run.lua for what it is asked.
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

type Options = HashMap<String, String>;
type Failure = Box<dyn std::error::Error>;

const EARLY_MAX: u32 = 16384;

fn provider(options: &Options) -> Arc<rustls::crypto::CryptoProvider> {
    let mut p = rustls::crypto::ring::default_provider();
    if options.contains_key("group") {
        p.kx_groups = vec![rustls::crypto::ring::kx_group::SECP384R1];
    }
    Arc::new(p)
}

fn roots(options: &Options) -> Result<Arc<RootCertStore>, Failure> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&options["cafile"])? {
        store.add(certificate?)?;
    }
    Ok(Arc::new(store))
}

fn identity(options: &Options) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Failure> {
    let chain = CertificateDer::pem_file_iter(&options["certificate"])?.collect::<Result<_, _>>()?;
    Ok((chain, PrivateKeyDer::from_pem_file(&options["key"])?))
}

fn alpn(options: &Options) -> Vec<Vec<u8>> {
    options.get("alpn").map_or(vec![], |s| s.split(',').map(|p| p.as_bytes().to_vec()).collect())
}

fn serve(tcp: TcpStream, config: Arc<ServerConfig>) -> Result<(), Failure> {
    let mut conn = ServerConnection::new(config)?;
    let mut tcp = tcp;
    while conn.is_handshaking() {
        conn.complete_io(&mut tcp)?;
    }
    let mut early = vec![];
    if let Some(mut data) = conn.early_data() {
        data.read_to_end(&mut early)?;
    }
    let mut stream = StreamOwned::new(conn, tcp);
    let mut data = vec![];
    let size: usize;
    {
        let mut reader = BufReader::new(early.as_slice().chain(&mut stream));
        let mut line = String::new();
        reader.read_line(&mut line)?;
        size = line.trim().parse()?;
        reader.by_ref().take(size as u64).read_to_end(&mut data)?;
    }
    stream.write_all(&data)?;
    stream.conn.send_close_notify();
    stream.flush()?;
    println!("echoed {} early {}", size, early.len());
    Ok(())
}

fn server(options: &Options) -> Result<(), Failure> {
    let (chain, key) = identity(options)?;
    let p = provider(options);
    let builder = ServerConfig::builder_with_provider(p.clone()).with_safe_default_protocol_versions()?;
    let builder = if options.contains_key("client_auth") {
        builder.with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(roots(options)?, p).build()?)
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = alpn(options);
    config.max_early_data_size = if options.contains_key("early") { EARLY_MAX } else { 0 };
    config.ticketer = rustls::crypto::ring::Ticketer::new()?;
    if options.contains_key("early") {
        config.ticketer = Arc::new(NoTickets);
    }
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("port {}", listener.local_addr()?.port());
    for _ in 0..options["times"].parse::<usize>()? {
        if let Err(e) = serve(listener.accept()?.0, config.clone()) {
            println!("failed {e}");
        }
    }
    Ok(())
}

// rustls takes early data with sessions that it keeps itself, and not with tickets.
#[derive(Debug)]
struct NoTickets;

impl rustls::server::ProducesTickets for NoTickets {
    fn enabled(&self) -> bool {
        false
    }
    fn lifetime(&self) -> u32 {
        0
    }
    fn encrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
    fn decrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

fn request(config: Arc<ClientConfig>, options: &Options, data: &[u8]) -> Result<(), Failure> {
    let tcp = TcpStream::connect(format!("127.0.0.1:{}", options["port"]))?;
    let mut conn = ClientConnection::new(config, ServerName::try_from("localhost")?)?;
    let mut message = format!("{}\n", data.len()).into_bytes();
    message.extend_from_slice(data);
    let mut sent = 0;
    if let Some(mut early) = conn.early_data() {
        sent = early.write(&message[..message.len().min(1000)])?;
    }
    let mut stream = StreamOwned::new(conn, tcp);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    if sent > 0 && !stream.conn.is_early_data_accepted() {
        sent = 0;
    }
    stream.write_all(&message[sent..])?;
    stream.flush()?;
    let mut back = vec![0; data.len()];
    stream.read_exact(&mut back)?;
    println!("{} {} early {}", if back == data { "same" } else { "other" }, back.len(), sent);
    stream.conn.send_close_notify();
    stream.flush()?;
    Ok(())
}

fn client(options: &Options) -> Result<(), Failure> {
    let builder = ClientConfig::builder_with_provider(provider(options))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(options)?);
    let mut config = if options.contains_key("certificate") {
        let (chain, key) = identity(options)?;
        builder.with_client_auth_cert(chain, key)?
    } else {
        builder.with_no_client_auth()
    };
    config.alpn_protocols = alpn(options);
    config.enable_early_data = options.contains_key("early");
    let config = Arc::new(config);
    let mut data = vec![];
    std::io::stdin().read_to_end(&mut data)?;
    for _ in 0..options["times"].parse::<usize>()? {
        request(config.clone(), options, &data)?;
    }
    Ok(())
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut options: Options = HashMap::from([("times".to_string(), "1".to_string())]);
    for arg in &args[2..] {
        let (name, value) = arg.split_once('=').unwrap();
        options.insert(name.to_string(), value.to_string());
    }
    let result = if args[1] == "server" { server(&options) } else { client(&options) };
    if let Err(e) = result {
        println!("failed {e}");
        std::process::exit(1);
    }
}
