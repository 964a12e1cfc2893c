/* form[data-upload]: a drop zone that names the file, refuses the wrong kind at once, and shows real progress. Without it the form posts plainly. */
(() => {
  const { say } = window.gonghui;
  const size = (bytes) => (bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

  const refuse = (form, words) => { form.querySelector('[data-upload-note]').textContent = words; form.classList.add('bad'); };

  const accepts = (form, file) => {
    const input = form.querySelector('input[type=file]');
    const kinds = (input.accept || '').split(',').map((k) => k.trim().toLowerCase()).filter(Boolean);
    const limit = Number(form.dataset.limit || 0);
    if (kinds.length && !kinds.some((kind) => file.name.toLowerCase().endsWith(kind))) {
      refuse(form, say('wrong_kind', { kinds: kinds.join(' ') }));
      return false;
    }
    if (limit && file.size > limit) { refuse(form, say('too_large', { size: size(file.size), limit: size(limit) })); return false; }
    return true;
  };

  const chosen = (form) => {
    const [file] = form.querySelector('input[type=file]').files;
    form.classList.remove('bad');
    if (!file || !accepts(form, file)) return;
    form.querySelector('[data-upload-note]').textContent = `${file.name} · ${size(file.size)}`;
  };

  const send = (form) => {
    const bar = form.querySelector('progress');
    const note = form.querySelector('[data-upload-note]');
    const button = form.querySelector('[type=submit]');
    const request = new XMLHttpRequest();
    bar.hidden = false;
    button.setAttribute('aria-busy', 'true');
    button.disabled = true;
    request.upload.onprogress = (event) => {
      bar.max = event.total;
      bar.value = event.loaded;
      note.textContent = event.loaded < event.total ? say('uploading', { sent: size(event.loaded), total: size(event.total) }) : say('checking');
    };
    request.onload = () => {
      if (request.status < 400) { location.assign(request.responseURL); return; }
      refuse(form, request.getResponseHeader('X-Refusal') || say('upload_failed'));
      button.removeAttribute('aria-busy');
      button.disabled = false;
    };
    request.onerror = () => { refuse(form, say('upload_cut')); button.removeAttribute('aria-busy'); button.disabled = false; };
    request.open('POST', form.action);
    request.send(new FormData(form));
  };

  document.querySelectorAll('form[data-upload]').forEach((form) => {
    const zone = form.querySelector('.drop');
    const input = form.querySelector('input[type=file]');
    input.addEventListener('change', () => chosen(form));
    ['dragover', 'dragleave', 'drop'].forEach((name) => zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle('over', name === 'dragover');
    }));
    zone.addEventListener('drop', (event) => { input.files = event.dataTransfer.files; chosen(form); });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (!form.classList.contains('bad') && input.files.length) send(form);
    });
  });
})();
